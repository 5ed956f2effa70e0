import "server-only";
import type { ClientInfo } from "../../platform/client-info";
import { KEPT_FORM_LIMITS, LOGIN_ALERT_LIMITS, PROVIDER_LIMITS } from "../../shared/limits";
import { consumeAll, digest, type Limit, longestWait, makeNetworkWindow } from "./limit";
import { makeWindow } from "./window";

const keptFormsOfAccount = makeWindow(
  "kept-form-account",
  KEPT_FORM_LIMITS.perAccount,
  KEPT_FORM_LIMITS.windowSeconds,
);

const keptFormsOfNetwork = makeNetworkWindow(
  "kept-form-network",
  KEPT_FORM_LIMITS.perNetwork,
  KEPT_FORM_LIMITS.windowSeconds,
);

const loginAlertsOfNetwork = makeNetworkWindow(
  "login-alert-network",
  LOGIN_ALERT_LIMITS.perNetwork,
  LOGIN_ALERT_LIMITS.windowSeconds,
);

const loginAlertsOfSite = makeWindow(
  "login-alert-site",
  LOGIN_ALERT_LIMITS.perSite,
  LOGIN_ALERT_LIMITS.windowSeconds,
);

const providerJourneysOfNetwork = makeNetworkWindow(
  "provider-network",
  PROVIDER_LIMITS.perNetwork,
  PROVIDER_LIMITS.windowSeconds,
);

const providerJourneysOfBrowser = makeWindow(
  "provider-browser",
  PROVIDER_LIMITS.perKnownBrowser,
  PROVIDER_LIMITS.windowSeconds,
);

/**
 * Counts one form that is kept while its person logs in again.
 * @param reader names the account, as its pages do
 * @returns null: go on; otherwise how long to wait, in seconds
 */
export async function consumeKeptForm(
  reader: string,
  client: Pick<ClientInfo, "ip">,
): Promise<number | null> {
  return consumeAll([...keptFormsOfNetwork(client), { window: keptFormsOfAccount, key: digest(reader) }]);
}

/** The one key of a window that counts for the whole site. */
const SITE = "all";

/** True while an email about a login of this client may leave at once. Changes nothing. */
export async function mayCauseLoginAlert(client: Pick<ClientInfo, "ip">): Promise<boolean> {
  return (await longestWait(loginAlertLimits(client))) === 0;
}

/** Counts one email that a login caused. */
export async function countLoginAlert(client: Pick<ClientInfo, "ip">): Promise<void> {
  await consumeAll(loginAlertLimits(client));
}

function loginAlertLimits(client: Pick<ClientInfo, "ip">): Limit[] {
  return [...loginAlertsOfNetwork(client), { window: loginAlertsOfSite, key: SITE }];
}

/**
 * Counts one visitor who is sent to a provider: a known browser by itself, so that strangers of its network do not make it wait.
 * @param browserId from `findBrowserOfAnyone`
 * @returns null: go on; otherwise how long to wait, in seconds
 */
export async function consumeProviderJourney(
  browserId: string | null,
  client: Pick<ClientInfo, "ip">,
): Promise<number | null> {
  return consumeAll(
    browserId === null
      ? providerJourneysOfNetwork(client)
      : [{ window: providerJourneysOfBrowser, key: browserId }],
  );
}
