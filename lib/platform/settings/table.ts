import { brand } from "../../shared/brand";
import { parseTrustedProxies } from "../client-address";
import { ConfigurationError } from "../configuration-error";
import { databaseUrl } from "./database-url";
import { clientIdSetting, clientSecretSetting } from "./providers";
import { formerSecrets, headerSecret, secret } from "./secret";
import {
  compact,
  oneOf,
  readSetting,
  type Setting,
  type Source,
  secretSetting,
  setting,
  textLike,
  trimmed,
  wholeNumber,
  yesOrNo,
} from "./setting";
import { smtpUrl } from "./smtp-url";
import { isHost } from "./url";
import { serviceUrl, siteUrl } from "./web-url";

/** Control characters, invisible ones and half characters would make a name that no one can read or type. */
const APP_NAME = /^[^\p{C}\p{Zl}\p{Zp}]{1,40}$/u;

/** An address, or a name and an address in angle brackets; neither has what could begin another header or address. */
const SENDER =
  /^(?:[^<>"\\\p{Cc}]*<[^\s<>@,;:"\\()[\]\p{C}]+@[^\s<>@,;:"\\()\p{C}]+>|[^\s<>@,;:"\\()[\]\p{C}]+@[^\s<>@,;:"\\()\p{C}]+)$/u;

const LOG_LEVELS = ["debug", "info", "warn", "error", "silent"] as const;

/** A folder. Nothing here replaces `~` or `$HOME` as a shell does: a folder of that name would be made. */
const folder = trimmed((text, name) => {
  if (/^~|\$|^\w+:\/\/|^file:|\p{Cc}/u.test(text))
    throw new ConfigurationError(
      `${name} must be the path of a folder, written out: ~ and $ stand for nothing here.`,
    );
  return text;
});

/** An address of this machine to listen on, or a name of it. */
const listenAddress = compact((text, name) => {
  const host = text.replace(/^\[(.*)\]$/, "$1");
  if (isHost(host)) return host;
  throw new ConfigurationError(`${name} must be an address of this machine, like 127.0.0.1, without a port.`);
});

/** Checked here, so that every server refuses it; read again where requests are. */
const proxies = trimmed((text) => {
  parseTrustedProxies(text);
  return text;
});

/** Every setting, a row each. A new one is a row here, a line of `.env.example` and a row of README's table. */
export const table = {
  /** What the product is called. Any visible text, so HTML has to escape it. */
  appName: setting("APP_NAME", textLike(APP_NAME, "1 to 40 visible characters, like Acme"), brand.name),
  port: setting("PORT", wholeNumber(1, 65_535, "a number"), 3000),
  /** The address to listen on; undefined means all of them. */
  hostname: setting("HOSTNAME", listenAddress, undefined),
  /** Processes of `npm start` that answer requests; undefined: as many as there are cores and memory for. */
  webConcurrency: setting("WEB_CONCURRENCY", wholeNumber(1, 256), undefined),
  dataDir: setting("DATA_DIR", folder, ".data"),
  /** `file:/absolute/path` for the embedded database, `postgres://…` for a server. */
  databaseUrl: secretSetting("DATABASE_URL", databaseUrl, undefined),
  publicUrl: setting("AUTH_URL", siteUrl, undefined),
  /** True when browsers are told to visit every subdomain of this host by https alone. */
  hstsSubdomains: setting("HSTS_SUBDOMAINS", yesOrNo, false),
  /** Whose `X-Forwarded-*` headers are believed: a number of hops, or addresses and CIDRs; undefined means no one's. */
  trustedProxies: setting("TRUSTED_PROXIES", proxies, undefined),
  /**
   * Fewest characters in a new password: from what ASVS v5.0.0-6.2.1 asks for to what 72 bytes of bcrypt always hold of ASCII.
   */
  passwordMinLength: setting("PASSWORD_MIN_LENGTH", wholeNumber(8, 64), 8),
  /** True when new passwords are looked up among those known from breaches. */
  checkBreaches: setting("PASSWORD_BREACH_CHECK", yesOrNo, false),
  /** Where to look them up: a server that speaks the range API of Have I Been Pwned. */
  breachApiUrl: setting("PASSWORD_BREACH_URL", serviceUrl, new URL("https://api.pwnedpasswords.com")),
  smtpUrl: secretSetting("SMTP_URL", smtpUrl, undefined),
  mailFrom: setting(
    "MAIL_FROM",
    textLike(SENDER, "an email address, like accounts@example.com or Acme <accounts@example.com>"),
    undefined,
  ),
  /** True when a login needs a confirmed address. */
  requireVerifiedEmail: setting("REQUIRE_VERIFIED_EMAIL", yesOrNo, false),
  /**
   * How long an account registered while that was so stays unconfirmed before it lapses, in
   * days: as long as its link, and more.
   */
  unverifiedAccountDays: setting("UNVERIFIED_ACCOUNT_DAYS", wholeNumber(1, 365), 7),
  /** False: nobody can set up a second factor. */
  twoFactor: setting("TWO_FACTOR", yesOrNo, true),
  /** False: nobody can add a passkey or log in with one. */
  passkeys: setting("PASSKEYS", yesOrNo, true),
  /** Identity providers known by name; those of any other name are read in `providers.ts`. */
  googleClientId: clientIdSetting("GOOGLE_CLIENT_ID"),
  googleClientSecret: clientSecretSetting("GOOGLE_CLIENT_SECRET"),
  googleTrustEmail: setting("GOOGLE_TRUST_EMAIL", yesOrNo, false),
  githubClientId: clientIdSetting("GITHUB_CLIENT_ID"),
  githubClientSecret: clientSecretSetting("GITHUB_CLIENT_SECRET"),
  githubTrustEmail: setting("GITHUB_TRUST_EMAIL", yesOrNo, false),
  /** True when everybody is led to set one up at their next login. */
  requireTwoFactor: setting("REQUIRE_TWO_FACTOR", yesOrNo, false),
  logLevel: setting("LOG_LEVEL", oneOf(LOG_LEVELS), "info" as const),
  /** The secret of the scheduler that calls `/api/tasks`; undefined: that route does not exist. */
  tasksSecret: secretSetting("TASKS_SECRET", headerSecret, undefined),
  /** Undefined until a start has read or made the one in the data folder; always set while serving. */
  authSecret: secretSetting("AUTH_SECRET", secret, undefined),
  /** Former secrets, and those that other instances have already: they open what is sealed or signed with them. */
  otherSecrets: secretSetting("AUTH_SECRET_PREVIOUS", formerSecrets, [] as string[]),
} as const;

type Table = typeof table;

/** What every row reads, by its key. */
export type Values = {
  [Key in keyof Table]: Table[Key] extends Setting<infer Value, infer Unset> ? Value | Unset : never;
};

/** The names of the variables. */
export type SettingName = Table[keyof Table]["name"];

const rows = Object.entries(table) as [keyof Table, Setting<unknown, unknown>][];

export const SETTING_NAMES = rows.map(([, { name }]) => name);

/** The names of those that no output may show. */
export const SECRET_NAMES = rows.filter(([, row]) => row.isSecret).map(([, { name }]) => name);

/**
 * Reads every setting, each by itself.
 * @throws ConfigurationError with one sentence on the first that is wrong
 */
export function readTable(source: Source): Values {
  return Object.fromEntries(rows.map(([key, row]) => [key, readSetting(row, source)])) as Values;
}
