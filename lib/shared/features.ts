import { hasPasskeys } from "./passkeys";

/** The optional capabilities of this installation. Pages, routes and actions of a capability ask here and nowhere else. */
export interface Features {
  /**
   * True when emails can be read: there is a mail server, or development shows them on a page. Where it is false,
   * everything that needs an email is hidden.
   */
  mail: boolean;
  /**
   * True when people may set up a second factor. Where it is false nobody sees anything of it, but those who have one: they
   * are still asked for it, and can remove it.
   */
  twoFactor: boolean;
  /**
   * True when people may add passkeys and log in with them: browsers know them at this address. Where it is false nobody sees
   * anything of it, but those who have one: they can remove it.
   */
  passkeys: boolean;
  /**
   * True when people may log in with a provider and connect one: the settings name one. Where it is false nobody sees
   * anything of it, but those who have a connection: they can remove it.
   */
  connections: boolean;
}

/** Reads the capabilities from the settings, one line each. */
export function featuresOf(settings: {
  mail: unknown;
  isDevelopment: boolean;
  twoFactor: boolean;
  passkeys: boolean;
  publicUrl: URL;
  providers: readonly unknown[];
}): Features {
  return {
    mail: settings.mail !== null || settings.isDevelopment,
    twoFactor: settings.twoFactor,
    passkeys: settings.passkeys && hasPasskeys(settings.publicUrl),
    connections: settings.providers.length > 0,
  };
}
