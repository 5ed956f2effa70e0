/** The optional capabilities of this installation. Pages, routes and actions of a capability ask here and nowhere else. */
export interface Features {
  /**
   * True when emails can be read: there is a mail server, or development shows them on a page. Where it is false,
   * everything that needs an email is hidden.
   */
  mail: boolean;
}

/** Reads the capabilities from the settings, one line each. */
export function featuresOf(settings: { mail: unknown; isDevelopment: boolean }): Features {
  return {
    mail: settings.mail !== null || settings.isDevelopment,
  };
}
