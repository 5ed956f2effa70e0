/** What this installation offers. Pages, routes and actions of a capability ask here and nowhere else. */
export interface Features {
  /**
   * True when emails can reach somebody: by a mail server, or in development by the page that shows them. Where it is
   * false, whatever needs an email hides itself.
   */
  mail: boolean;
}

/** Decides it from the settings, one line a capability. */
export function featuresOf(settings: { mail: unknown; isDevelopment: boolean }): Features {
  return {
    mail: settings.mail !== null || settings.isDevelopment,
  };
}
