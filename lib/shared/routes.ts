import { links } from "./links";

/** Every path of this site, named once; those of emailed links come from {@link links}. */
export const routes = {
  home: "/",
  register: "/register",
  login: "/login",
  verifyEmail: links["verify-email"].path,
  correctEmail: "/correct-email",
  forgotPassword: "/forgot-password",
  resetPassword: links["reset-password"].path,
  lockAccount: links["lock-account"].path,
  changeEmail: links["change-email"].path,
  restoreEmail: links["restore-email"].path,
  account: "/account",
  /** Takes the form with a picture; below it is the picture itself, at an address with its hash. */
  accountPicture: "/account/picture",
  accountRemovePicture: "/account/remove-picture",
  accountEmail: "/account/email",
  accountPassword: "/account/password",
  accountSessions: "/account/sessions",
  accountEndOthers: "/account/sessions/end-others",
  accountTwoFactor: "/account/two-factor",
  accountSetUpAuthenticator: "/account/two-factor/set-up",
  accountRemoveAuthenticator: "/account/two-factor/remove",
  accountRecoveryCodes: "/account/two-factor/recovery-codes",
  accountNewRecoveryCodes: "/account/two-factor/new-recovery-codes",
  accountPasskeys: "/account/passkeys",
  accountRenamePasskey: "/account/passkeys/rename",
  accountRemovePasskey: "/account/passkeys/remove",
  accountConnections: "/account/connections",
  accountDisconnect: "/account/connections/disconnect",
  accountHistory: "/account/history",
  accountHistoryCsv: "/account/history.csv",
  accountNotMe: "/account/history/not-me",
  accountData: "/account/data",
  accountDataFile: "/account/data/file",
  reAuthenticate: "/account/re-authenticate",
  accountDelete: "/account/delete",
  keepAccount: "/keep-account",
  /** Where somebody who has come from a provider for the first time chooses a username. */
  chooseUsername: "/choose-username",
  /** Asks for the second proof of a login that waits for it. */
  secondStep: "/second-step",
  sessionEnded: "/session-ended",
  /** Where password managers look for the page that changes a password (https://w3c.github.io/webappsec-change-password-url/). */
  wellKnownChangePassword: "/.well-known/change-password",
  /** Where they look for the page with passkeys (https://w3c.github.io/webappsec-passkey-endpoints/). */
  wellKnownPasskeyEndpoints: "/.well-known/passkey-endpoints",
} as const;

/** Everything at or below one of these needs a session. */
const PRIVATE_PREFIXES = [routes.account];

/** Pages for visitors alone: people who are logged in are redirected. */
const VISITORS_PATHS: string[] = [routes.login, routes.register, routes.chooseUsername];

/** Pages that would redirect someone who just logged in, and paths that are not pages. */
const NEVER_NEXT: string[] = [
  routes.login,
  routes.register,
  routes.correctEmail,
  routes.forgotPassword,
  routes.sessionEnded,
  routes.accountDataFile,
  "/.well-known",
  ...Object.values(links)
    .filter(({ isReturnable }) => !isReturnable)
    .map(({ path }) => path),
  "/api",
  "/_next",
];

/** Pages that ask something of a person and lead on to another. */
const LEADING_ON: string[] = [
  routes.login,
  routes.reAuthenticate,
  routes.keepAccount,
  routes.secondStep,
  routes.chooseUsername,
];

/** Paths outside of /api that answer without showing a page. */
const ANSWERING_ROUTES: string[] = [
  routes.sessionEnded,
  routes.wellKnownChangePassword,
  routes.wellKnownPasskeyEndpoints,
  routes.accountDataFile,
  routes.accountHistoryCsv,
];

/** Longest return path we keep, in UTF-16 code units; proxies and cookies start to fail well above it. */
const RETURN_PATH_MAX = 2048;

/**
 * Longest query that leads on to such a path, in characters. It has the path encoded once more, up to three times as long,
 * and a redirect's whole head has to fit the 4 KiB that nginx takes by default.
 */
const RETURN_QUERY_MAX = 2048;

const CONTROL_OR_BACKSLASH = /[\\\p{Cc}]/u;

/** The page of ours an address belongs to: true for the path itself and everything below it. */
function isAtOrBelow(pathname: string, prefix: string): boolean {
  return pathname === prefix || pathname.startsWith(`${prefix}/`);
}

export function isPrivatePath(pathname: string): boolean {
  return PRIVATE_PREFIXES.some((prefix) => isAtOrBelow(pathname, prefix));
}

/** True for what answers without showing a page. */
export function isRoute(pathname: string): boolean {
  return isAtOrBelow(pathname, "/api") || isPicturePath(pathname) || ANSWERING_ROUTES.includes(pathname);
}

/** True for pictures and their form, which a visitor is not sent to the login for: a picture is there for its owner alone. */
export function isPicturePath(pathname: string): boolean {
  return isAtOrBelow(pathname, routes.accountPicture);
}

/** The address of one's own picture, by its hash. */
export function picturePathFor(hash: string): string {
  return `${routes.accountPicture}/${hash}.webp`;
}

export function isVisitorsPath(pathname: string): boolean {
  return VISITORS_PATHS.includes(pathname);
}

/**
 * The page to go to after login: `value` when it is a path on this site, else home. Of a page that only asks something, such
 * as for another proof, it is the one that leads on to: a login is a proof.
 * The string returned is the parser's own output, so what was checked is what is sent (ASVS v5.0.0-1.5.3, 3.7.2).
 */
export function returnPath(value: unknown): string {
  const url = parsePath(value);
  if (url && LEADING_ON.includes(url.pathname)) return returnPath(url.searchParams.get("callbackUrl"));
  if (!url || NEVER_NEXT.some((prefix) => isAtOrBelow(url.pathname, prefix))) return routes.home;
  // A download would leave the login page standing.
  if (url.pathname === routes.accountHistoryCsv) return routes.accountHistory;
  if (isPicturePath(url.pathname)) return routes.account;
  return url.pathname + url.search + url.hash;
}

/** The page at a path, written as {@link returnPath} does; null for a page that nobody is led back to. */
export function pageToReturnTo(path: string): string | null {
  const url = parsePath(path);
  if (!url) return null;
  const page = url.pathname + url.search;
  return returnPath(page) === page ? page : null;
}

/** A visitors' page with what it leads on to: `value` when it is the path of one, else null. */
export function visitorsPath(value: unknown): string | null {
  const url = parsePath(value);
  if (!url || !isVisitorsPath(url.pathname)) return null;
  return url.pathname === routes.login
    ? loginPathFor(returnPath(url.searchParams.get("callbackUrl")))
    : url.pathname;
}

/** A path on this site; null for anything else, however it is disguised. */
function parsePath(value: unknown): URL | null {
  if (typeof value !== "string" || value.length > RETURN_PATH_MAX) return null;
  if (!value.startsWith("/") || CONTROL_OR_BACKSLASH.test(value) || !value.isWellFormed()) return null;
  const base = "http://site.invalid";
  if (!URL.canParse(value, base)) return null;
  const url = new URL(value, base);
  // "/x/..//evil.example" starts with one slash as written and with two once resolved.
  return url.origin === base && !url.pathname.startsWith("//") ? url : null;
}

/** The login page that leads on to `path` afterwards; to home when that is too long. */
export function loginPathFor(path: string): string {
  return leadingOn(routes.login, path);
}

/** The page that asks somebody logged in for the password, and leads on to `path`; to home when that is too long. */
export function reAuthenticatePathFor(path: string): string {
  return leadingOn(routes.reAuthenticate, path);
}

/**
 * Where somebody goes who may not do yet what they asked for on the page at `path`, and then back: to the login, where their
 * session is over, or to prove again who they are.
 */
export function notProvenPathFor(reason: "session-over" | "proof-needed", path: string): string {
  return reason === "session-over" ? sessionEndedPathFor(path) : reAuthenticatePathFor(path);
}

/** The parameter of a page for a second factor that asks for the field of a recovery code. */
export const BY_RECOVERY_CODE = "recovery-code";

/** The same page for a second factor, with that field. */
export function byRecoveryCodePathFor(path: string): string {
  return `${path}${path.includes("?") ? "&" : "?"}by=${BY_RECOVERY_CODE}`;
}

/** The page that asks whether to keep an account that is to be deleted, and leads on to `path`; to home when that is too long. */
export function keepAccountPathFor(path: string): string {
  return leadingOn(routes.keepAccount, path);
}

/** The page that asks for the second proof of a login, and leads on to `path`; to home when that is too long. */
export function secondStepPathFor(path: string): string {
  return leadingOn(routes.secondStep, path);
}

/** The page where a newcomer from a provider chooses a username, and that leads on to `path`; to home when that is too long. */
export function chooseUsernamePathFor(path: string): string {
  return leadingOn(routes.chooseUsername, path);
}

/** The page that asks whether to disconnect a provider. */
export function disconnectPathFor(provider: string): string {
  return `${routes.accountDisconnect}?${new URLSearchParams({ provider })}`;
}

/** The page that shows recovery codes, once, and leads on to `path`; to home when that is too long. */
export function recoveryCodesPathFor(path: string): string {
  return leadingOn(routes.accountRecoveryCodes, path);
}

/** The route that clears a session cookie that no longer works, and goes on to `path` or to its login; home if too long. */
export function sessionEndedPathFor(path: string): string {
  return leadingOn(routes.sessionEnded, path);
}

/** The page that renames one passkey, and the one that asks whether to remove it. */
export function renamePasskeyPathFor(id: string): string {
  return `${routes.accountRenamePasskey}?${new URLSearchParams({ id })}`;
}

export function removePasskeyPathFor(id: string): string {
  return `${routes.accountRemovePasskey}?${new URLSearchParams({ id })}`;
}

function leadingOn(page: string, path: string): string {
  const query = new URLSearchParams({ callbackUrl: path }).toString();
  return query.length > RETURN_QUERY_MAX ? page : `${page}?${query}`;
}
