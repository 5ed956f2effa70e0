import { plainForm } from "./email-address";
import { EMAIL_LIMITS } from "./limits";
import { DAY_MS, formatDuration, HOUR_MS, MINUTE_MS, SECOND_MS } from "./units";

/** What an emailed link is: a page, how long its token works, and what spending it does to other links. */
export interface Link {
  /** The page it leads to. */
  path: string;
  /** How long it works, in milliseconds. */
  ttlMs: number;
  /**
   * True when it gives the account another address. Such a link stays good when the address changes, and ends only by
   * another link's `ends`; any other link ends with the address it was sent to.
   */
  changesAddress: boolean;
  /** True when it works on beside newer ones to the same address, because each tells of something else. */
  outlivesNewer: boolean;
  /**
   * True when it ends once the account's address is confirmed, however that was: it may set the password of an account that
   * nobody has shown to be theirs, for longer than a reset may.
   */
  endsWhenConfirmed: boolean;
  /** True when it ends with a factor, passkey or connection that comes or goes meanwhile. */
  endsWithFactors: boolean;
  /**
   * For a link that ends with the address it was sent to: the link whose part it takes then, where the account has one for
   * that address. Null: none.
   */
  becomes: "restore-email" | null;
  /** True when it makes sense to come back to its page after logging in. */
  isReturnable: boolean;
  /** Links of the same account that end when this one is used, besides all others of its own purpose. */
  ends: readonly string[];
}

/**
 * Every emailed link, one row each. Middleware, tokens, emails and pages read it; sentences format `ttlMs`. The purpose is
 * the name that goes through all layers: page folder, action, verb, test and the `purpose` column.
 */
export const links = {
  /** Longer than a reset: it sets a new password only while nobody has shown that the account is theirs. */
  "verify-email": {
    path: "/verify-email",
    ttlMs: DAY_MS,
    changesAddress: false,
    outlivesNewer: false,
    endsWhenConfirmed: true,
    endsWithFactors: false,
    becomes: null,
    isReturnable: true,
    ends: [],
  },
  /**
   * Short: reading the mailbox is holding the account. But not shorter than the window of {@link EMAIL_LIMITS}: a stranger
   * who asks for all five emails of it leaves the owner a link that works until more can be asked for.
   */
  "reset-password": {
    path: "/reset-password",
    ttlMs: EMAIL_LIMITS.windowSeconds * SECOND_MS,
    changesAddress: false,
    outlivesNewer: false,
    endsWhenConfirmed: false,
    endsWithFactors: false,
    becomes: null,
    isReturnable: false,
    ends: ["verify-email", "change-email"],
  },
  /**
   * Long: an owner who was on holiday can still use it, also after the change of address that the email warned of: then it
   * takes the address back.
   */
  "lock-account": {
    path: "/lock-account",
    ttlMs: 7 * DAY_MS,
    changesAddress: false,
    outlivesNewer: true,
    endsWhenConfirmed: false,
    endsWithFactors: false,
    becomes: "restore-email",
    isReturnable: false,
    ends: ["change-email"],
  },
  /** Short: a mistyped address is a stranger's, and the page behind the link asks them for the account's password. */
  "change-email": {
    path: "/change-email",
    ttlMs: 2 * HOUR_MS,
    changesAddress: true,
    outlivesNewer: true,
    endsWhenConfirmed: false,
    endsWithFactors: true,
    becomes: null,
    isReturnable: false,
    ends: ["reset-password", "verify-email"],
  },
  /** As long as a lock. While it works, no other account gets the address it would take back. */
  "restore-email": {
    path: "/restore-email",
    ttlMs: 7 * DAY_MS,
    changesAddress: true,
    outlivesNewer: true,
    endsWhenConfirmed: false,
    endsWithFactors: false,
    becomes: null,
    isReturnable: false,
    ends: ["reset-password", "verify-email", "change-email"],
  },
} as const satisfies Record<string, Link>;

export type LinkPurpose = keyof typeof links;

export const linkPurposes = Object.keys(links) as LinkPurpose[];

/** Digits in a code, which does by typing what a link does: 20 bits (ASVS v5.0.0-6.5.4). */
export const CODE_DIGITS = 6;

/** The same in a sentence. */
export const CODE_DIGITS_IN_WORDS = "six";

/** How long a typed code works, in milliseconds (ASVS v5.0.0-6.5.5). */
export const CODE_TTL_MS = 10 * MINUTE_MS;

/** What the secret is called in a link's address. */
const TOKEN_PARAMETER = "token";

/** The reasons why a link for this purpose can have ended, in one sentence. */
export function spentSentence(purpose: LinkPurpose): string {
  const { ttlMs, changesAddress, outlivesNewer, endsWhenConfirmed, endsWithFactors } = links[purpose];
  const reasons = [
    endsWhenConfirmed ? "The address is confirmed already" : "It was used already",
    ...(outlivesNewer ? [] : ["a newer link has taken its place"]),
    ...(changesAddress ? [] : ["the account has another address by now"]),
    ...(endsWithFactors ? ["what the account logs in with has changed since"] : []),
    `it is more than ${formatDuration(ttlMs)} old`,
  ];
  return `${reasons.slice(0, -1).join(", ")}, or ${reasons.at(-1)}.`;
}

/** The link to put into an email: a page of ours and the secret that opens it, without the origin. */
export function linkPath(purpose: LinkPurpose, token: string): string {
  return `${links[purpose].path}?${new URLSearchParams({ [TOKEN_PARAMETER]: token })}`;
}

/**
 * The secret in an address that an email led to; null for every other address. Where a mail program has cut the link within
 * the parameter's name, the secret is empty.
 */
export function readLinkToken({
  pathname,
  searchParams,
}: Pick<URL, "pathname" | "searchParams">): string | null {
  if (!linkPurposes.some((purpose) => links[purpose].path === pathname)) return null;
  const token = searchParams.get(TOKEN_PARAMETER);
  const isCut = [...searchParams.keys()].some((name) => name !== "" && TOKEN_PARAMETER.startsWith(name));
  return token === null ? (isCut ? "" : null) : plainForm(token); // copying brings spaces and invisible characters along
}
