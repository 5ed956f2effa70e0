/** Every path of the house, named once. */
export const routes = {
  home: "/",
  register: "/register",
  login: "/login",
  verifyEmail: "/verify-email",
  forgotPassword: "/forgot-password",
  resetPassword: "/reset-password",
  lockAccount: "/lock-account",
  changeEmail: "/change-email",
  restoreEmail: "/restore-email",
  account: "/account",
  accountEmail: "/account/email",
} as const;

/** Everything at or below one of these needs a session. */
const PRIVATE_PREFIXES = [routes.account];

/** Pages that would send someone who just logged in away again, and doors that are not pages. */
const NEVER_NEXT = [
  routes.login,
  routes.register,
  routes.forgotPassword,
  routes.resetPassword,
  routes.lockAccount,
  routes.changeEmail,
  routes.restoreEmail,
  "/api",
  "/_next",
];

/** Pages that a mailed link leads to. */
const MAILED_LINKS: string[] = [
  routes.verifyEmail,
  routes.resetPassword,
  routes.lockAccount,
  routes.changeEmail,
  routes.restoreEmail,
];

/** What a mailed link's secret is called in its address. */
const TOKEN_PARAMETER = "token";

/** Longest return path we keep, in UTF-16 code units; proxies and cookies start to fail well above it. */
const RETURN_PATH_MAX = 2048;

const CONTROL_OR_BACKSLASH = /[\\\p{Cc}]/u;

/** The page of ours an address belongs to: true for the path itself and everything below it. */
function isAtOrBelow(pathname: string, prefix: string): boolean {
  return pathname === prefix || pathname.startsWith(`${prefix}/`);
}

export function isPrivatePath(pathname: string): boolean {
  return PRIVATE_PREFIXES.some((prefix) => isAtOrBelow(pathname, prefix));
}

/**
 * The page to go to after login: `value` when it is a path on this site, else home.
 * The string returned is the parser's own output, so what was checked is what is sent (ASVS v5.0.0-1.5.3, 3.7.2).
 */
export function returnPath(value: unknown): string {
  if (typeof value !== "string" || value.length > RETURN_PATH_MAX) return routes.home;
  if (!value.startsWith("/") || CONTROL_OR_BACKSLASH.test(value) || !value.isWellFormed()) return routes.home;
  const base = "http://latchkey.invalid";
  if (!URL.canParse(value, base)) return routes.home;
  const url = new URL(value, base);
  // "/x/..//evil.example" starts with one slash as written and with two once resolved.
  if (url.origin !== base || url.pathname.startsWith("//")) return routes.home;
  if (NEVER_NEXT.some((prefix) => isAtOrBelow(url.pathname, prefix))) return routes.home;
  return url.pathname + url.search + url.hash;
}

/** The login page that leads on to `path` afterwards. */
export function loginPathFor(path: string): string {
  return `${routes.login}?${new URLSearchParams({ callbackUrl: path })}`;
}

/** The link to put into a letter: a page and the secret that opens it. */
export function mailedLink(page: string, token: string): string {
  return `${page}?${new URLSearchParams({ [TOKEN_PARAMETER]: token })}`;
}

/** The secret in an address that a letter led to; null for every other address. */
export function mailedToken({ pathname, searchParams }: URL): string | null {
  return MAILED_LINKS.includes(pathname) ? searchParams.get(TOKEN_PARAMETER) : null;
}
