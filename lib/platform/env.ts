import { resolve } from "node:path";
import { z } from "zod";
import { brand } from "../shared/brand";
import { type Features, featuresOf } from "../shared/features";
import { isLocalHost } from "./address";
import { parseTrustedProxies } from "./client-address";
import { ConfigurationError } from "./configuration-error";
import { settingsFolder } from "./folders";

export { ConfigurationError } from "./configuration-error";

/** Fewest characters in AUTH_SECRET and TASKS_SECRET: 32 characters of base64 carry at least the 128 bits of ASVS v5.0.0-11.2.3. */
const SECRET_MIN = 32;

/** How emails are sent. */
export interface MailSettings {
  /** `smtps://…` or `smtp://…`, with user and password where the server asks for them. */
  smtpUrl: URL;
  /** The sender; without a name it is blank. */
  from: { name: string; address: string };
}

export interface Env {
  /** What the product is called. Any visible text, so HTML has to escape it. */
  appName: string;
  /** `file:/absolute/path` for the embedded database, `postgres://…` for a server. */
  databaseUrl: string;
  /** Absolute path of the folder for what the app keeps beside its code. */
  dataDir: string;
  /** Where visitors reach the app; the only source for absolute links, cookie names and `Secure`. */
  publicUrl: URL;
  /** True when visitors come over https. */
  isSecure: boolean;
  /** True when the public address is this machine or its own network. */
  isLocal: boolean;
  port: number;
  /** The address to listen on; undefined means all of them. */
  hostname: string | undefined;
  /** Whose `X-Forwarded-*` headers are believed: a number of hops, or addresses and CIDRs; undefined means no one's. */
  trustedProxies: string | undefined;
  /** Fewest characters in a new password. */
  passwordMinLength: number;
  /** True when new passwords are looked up among those known from breaches. */
  checkBreaches: boolean;
  /** Where to look them up: a server that speaks the range API of Have I Been Pwned. */
  breachApiUrl: URL;
  /** True when a login needs a confirmed address. */
  requireVerifiedEmail: boolean;
  /** How long an account registered while that was so stays unconfirmed before it lapses, in days. */
  unverifiedAccountDays: number;
  /** Null: there is no mail server, and no email is sent. */
  mail: MailSettings | null;
  /** True under `npm run dev`. */
  isDevelopment: boolean;
  /** What this installation offers. */
  features: Features;
  logLevel: (typeof LOG_LEVELS)[number];
  /** The secret of the scheduler that calls `/api/tasks`; undefined: that route does not exist. */
  tasksSecret: string | undefined;
  /** Undefined until `npm start` has made one; always set while serving. */
  authSecret: string | undefined;
}

const LOG_LEVELS = ["debug", "info", "warn", "error", "silent"] as const;

/** Bounds of PASSWORD_MIN_LENGTH: what ASVS v5.0.0-6.2.1 asks for, and what 72 bytes of bcrypt can always hold of ASCII. */
const MIN_LENGTH_BOUNDS = { least: 8, most: 64 } as const;

/** Bounds of UNVERIFIED_ACCOUNT_DAYS: at the least as long as the link in the email works. */
const UNVERIFIED_DAYS_BOUNDS = { least: 1, usual: 7, most: 365 } as const;

const blankIsUnset = (value: unknown) =>
  typeof value === "string" && value.trim() === "" ? undefined : value;

/** An address, or a name and an address in angle brackets; neither has what could begin another header. */
const SENDER = /^(?:[^<>"\\\p{Cc}]*<[^\s<>@]+@[^\s<>@]+>|[^\s<>@]+@[^\s<>@]+)$/u;

const WRONG_MIN_LENGTH = `PASSWORD_MIN_LENGTH must be a whole number from ${MIN_LENGTH_BOUNDS.least} to ${MIN_LENGTH_BOUNDS.most}.`;

const WRONG_UNVERIFIED_DAYS = `UNVERIFIED_ACCOUNT_DAYS must be a whole number from ${UNVERIFIED_DAYS_BOUNDS.least} to ${UNVERIFIED_DAYS_BOUNDS.most}.`;

/** Control characters, invisible ones and half characters would make a name that no one can read or type. */
const APP_NAME_SHAPE = /^[^\p{C}\p{Zl}\p{Zp}]{1,40}$/u;

const variables = z.object({
  APP_NAME: z.preprocess(
    blankIsUnset,
    z
      .string()
      .trim()
      .regex(APP_NAME_SHAPE, "APP_NAME must be 1 to 40 visible characters, like Acme.")
      .default(brand.name),
  ),
  PORT: z.preprocess(
    blankIsUnset,
    z.coerce
      .number("PORT must be a number from 1 to 65535.")
      .int("PORT must be a whole number from 1 to 65535.")
      .min(1, "PORT must be a number from 1 to 65535.")
      .max(65535, "PORT must be a number from 1 to 65535.")
      .default(3000),
  ),
  HOSTNAME: z.preprocess(blankIsUnset, z.string().optional()),
  DATA_DIR: z.preprocess(blankIsUnset, z.string().default(".data")),
  DATABASE_URL: z.preprocess(
    blankIsUnset,
    z
      .string()
      .regex(
        /^(file:.|postgres(ql)?:\/\/.)/,
        "DATABASE_URL must begin with file: or postgres:// (unset it for the embedded database).",
      )
      .optional(),
  ),
  AUTH_URL: z.preprocess(
    blankIsUnset,
    z
      .string()
      .refine(
        (url) => URL.canParse(url) && /^https?:$/.test(new URL(url).protocol),
        "AUTH_URL must be the address visitors use, like https://accounts.example.com.",
      )
      .optional(),
  ),
  TRUSTED_PROXIES: z.preprocess(blankIsUnset, z.string().optional()),
  PASSWORD_MIN_LENGTH: z.preprocess(
    blankIsUnset,
    z.coerce
      .number(WRONG_MIN_LENGTH)
      .int(WRONG_MIN_LENGTH)
      .min(MIN_LENGTH_BOUNDS.least, WRONG_MIN_LENGTH)
      .max(MIN_LENGTH_BOUNDS.most, WRONG_MIN_LENGTH)
      .default(MIN_LENGTH_BOUNDS.least),
  ),
  PASSWORD_BREACH_CHECK: z.preprocess(
    blankIsUnset,
    z.enum(["true", "false"], "PASSWORD_BREACH_CHECK must be true or false.").default("false"),
  ),
  PASSWORD_BREACH_URL: z.preprocess(
    blankIsUnset,
    z
      .url({ protocol: /^https?$/, error: "PASSWORD_BREACH_URL must be the address of a server." })
      .default("https://api.pwnedpasswords.com"),
  ),
  SMTP_URL: z.preprocess(
    blankIsUnset,
    z
      .string()
      .refine(
        isServerAddress,
        "SMTP_URL must be the address of a mail server, like smtps://user:password@mail.example.com.",
      )
      .optional(),
  ),
  MAIL_FROM: z.preprocess(
    blankIsUnset,
    z
      .string()
      .regex(
        SENDER,
        "MAIL_FROM must be an email address, like accounts@example.com or Acme <accounts@example.com>.",
      )
      .optional(),
  ),
  REQUIRE_VERIFIED_EMAIL: z.preprocess(
    blankIsUnset,
    z.enum(["true", "false"], "REQUIRE_VERIFIED_EMAIL must be true or false.").default("false"),
  ),
  UNVERIFIED_ACCOUNT_DAYS: z.preprocess(
    blankIsUnset,
    z.coerce
      .number(WRONG_UNVERIFIED_DAYS)
      .int(WRONG_UNVERIFIED_DAYS)
      .min(UNVERIFIED_DAYS_BOUNDS.least, WRONG_UNVERIFIED_DAYS)
      .max(UNVERIFIED_DAYS_BOUNDS.most, WRONG_UNVERIFIED_DAYS)
      .default(UNVERIFIED_DAYS_BOUNDS.usual),
  ),
  LOG_LEVEL: z.preprocess(
    blankIsUnset,
    z.enum(LOG_LEVELS, `LOG_LEVEL must be one of ${LOG_LEVELS.join(", ")}.`).default("info"),
  ),
  TASKS_SECRET: z.preprocess(
    blankIsUnset,
    z
      .string()
      .min(
        SECRET_MIN,
        `TASKS_SECRET must have at least ${SECRET_MIN} characters: make one with \`openssl rand -base64 32\`.`,
      )
      .optional(),
  ),
  AUTH_SECRET: z.preprocess(
    blankIsUnset,
    z
      .string()
      .min(
        SECRET_MIN,
        `AUTH_SECRET must have at least ${SECRET_MIN} characters: make one with \`openssl rand -base64 32\`.`,
      )
      .optional(),
  ),
});

/**
 * Reads and checks the configuration.
 * @throws ConfigurationError with one sentence on the first thing that is wrong.
 */
export function readEnv(source: Readonly<Record<string, string | undefined>>): Env {
  const parsed = variables.safeParse(source);
  if (!parsed.success)
    throw new ConfigurationError(parsed.error.issues[0]?.message ?? "The configuration is wrong.");
  const { PORT, HOSTNAME, DATA_DIR, DATABASE_URL, AUTH_URL, AUTH_SECRET } = parsed.data;

  const publicUrl = new URL(AUTH_URL ?? `http://localhost:${PORT}`);
  if (
    publicUrl.pathname !== "/" ||
    publicUrl.search ||
    publicUrl.hash ||
    publicUrl.username ||
    publicUrl.password
  )
    throw new ConfigurationError(
      "AUTH_URL must be an address without a path, like https://accounts.example.com.",
    );
  const isSecure = publicUrl.protocol === "https:";
  const isLocal = isLocalHost(publicUrl.hostname);
  if (!isSecure && !isLocal)
    throw new ConfigurationError(
      `AUTH_URL must begin with https:// for the public address ${publicUrl.host}; plain http is for this machine and its own network.`,
    );

  parseTrustedProxies(parsed.data.TRUSTED_PROXIES ?? ""); // refused here, so that every server refuses it
  const requireVerifiedEmail = parsed.data.REQUIRE_VERIFIED_EMAIL === "true";
  const mail = readMail(parsed.data.SMTP_URL, parsed.data.MAIL_FROM);
  const isDevelopment = source.NODE_ENV === "development";
  const features = featuresOf({ mail, isDevelopment });
  if (requireVerifiedEmail && !features.mail)
    throw new ConfigurationError(
      "REQUIRE_VERIFIED_EMAIL=true needs SMTP_URL: without emails no one could log in.",
    );

  const dataDir = resolve(settingsFolder(), DATA_DIR);
  return {
    appName: parsed.data.APP_NAME,
    databaseUrl:
      DATABASE_URL === undefined
        ? `file:${resolve(dataDir, "latchkey.db")}`
        : absoluteDatabaseUrl(DATABASE_URL),
    dataDir,
    publicUrl,
    isSecure,
    isLocal,
    port: PORT,
    hostname: HOSTNAME,
    trustedProxies: parsed.data.TRUSTED_PROXIES,
    passwordMinLength: parsed.data.PASSWORD_MIN_LENGTH,
    checkBreaches: parsed.data.PASSWORD_BREACH_CHECK === "true",
    breachApiUrl: new URL(parsed.data.PASSWORD_BREACH_URL),
    requireVerifiedEmail,
    unverifiedAccountDays: parsed.data.UNVERIFIED_ACCOUNT_DAYS,
    mail,
    isDevelopment,
    features,
    logLevel: parsed.data.LOG_LEVEL,
    tasksSecret: parsed.data.TASKS_SECRET,
    authSecret: AUTH_SECRET,
  };
}

let cached: Env | undefined;

/** The configuration of this process, read once. @throws ConfigurationError as {@link readEnv}. */
export function env(): Env {
  cached ??= readEnv(process.env);
  return cached;
}

/** What this installation offers; see `shared/features.ts`. @throws ConfigurationError as {@link readEnv}. */
export function features(): Features {
  return env().features;
}

/** No path and no query: nodemailer would take its own settings from there, and one of them stops checking TLS. */
function isServerAddress(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, pathname, search, hash } = new URL(text);
  return /^smtps?:$/.test(protocol) && hostname !== "" && /^\/?$/.test(pathname) && search + hash === "";
}

function readMail(smtpUrl: string | undefined, sender: string | undefined): MailSettings | null {
  if (smtpUrl === undefined) return null;
  if (sender === undefined)
    throw new ConfigurationError(
      "MAIL_FROM must be set where SMTP_URL is: the address that emails come from, like accounts@example.com.",
    );
  const [, name = "", address = sender] = /^(.*)<(.*)>$/.exec(sender) ?? [];
  return { smtpUrl: new URL(smtpUrl), from: { name: name.trim(), address } };
}

function absoluteDatabaseUrl(url: string): string {
  if (url.startsWith("postgres") && !URL.canParse(url))
    throw new ConfigurationError(
      "DATABASE_URL must be an address like postgres://user:password@host:5432/name.",
    );
  if (url.startsWith("postgres") && (new URL(url).searchParams.get("schema") ?? "public") !== "public")
    throw new ConfigurationError("DATABASE_URL must not name a schema: give the app a database of its own.");
  return url.startsWith("file:") ? `file:${resolve(settingsFolder(), url.slice("file:".length))}` : url;
}
