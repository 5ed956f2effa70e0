import { resolve } from "node:path";
import { type Features, featuresOf } from "../shared/features";
import { isLocalHost } from "./address";
import { ConfigurationError } from "./configuration-error";
import { settingsFolder } from "./folders";
import { processesThatFit } from "./processes";
import { type ProviderSettings, readProviders } from "./settings/providers";
import type { Source } from "./settings/setting";
import { readTable, type Values } from "./settings/table";

export { ConfigurationError } from "./configuration-error";

/** How emails are sent. */
export interface MailSettings {
  /** `smtps://…` or `smtp://…`, with user and password where the server asks for them. */
  smtpUrl: URL;
  /** The sender; without a name it is blank. */
  from: { name: string; address: string };
}

/** The settings as the app uses them: the rows of `settings/table.ts`, and what follows from several of them. */
export interface Env
  extends Omit<
    Values,
    | "smtpUrl"
    | "mailFrom"
    | "webConcurrency"
    | "twoFactor"
    | "passkeys"
    | `google${string}`
    | `github${string}`
  > {
  /** Processes of `npm start` that answer requests. */
  processes: number;
  databaseUrl: string;
  /** Absolute path of the folder for what the app keeps beside its code. */
  dataDir: string;
  /** Where visitors reach the app; the only source for absolute links, cookie names and `Secure`. */
  publicUrl: URL;
  /** True when visitors come over https. */
  isSecure: boolean;
  /** True when the public address is this machine or its own network. */
  isLocal: boolean;
  /** Null: there is no mail server, and no email is sent. */
  mail: MailSettings | null;
  /** The identity providers that people may log in with; none: nobody sees anything of it. */
  providers: ProviderSettings[];
  /** True under `npm run dev`. */
  isDevelopment: boolean;
  /** What this installation offers. */
  features: Features;
}

/**
 * Reads and checks the configuration.
 * @throws ConfigurationError with one sentence on the first thing that is wrong.
 */
export function readEnv(source: Source): Env {
  const { smtpUrl, mailFrom, webConcurrency, twoFactor, passkeys, ...values } = readTable(source);
  const providers = readProviders(source);
  const publicUrl = values.publicUrl ?? new URL(`http://localhost:${values.port}`);
  const mail = mailSettings(smtpUrl, mailFrom);
  const isDevelopment = source.NODE_ENV === "development";
  const features = featuresOf({ mail, isDevelopment, twoFactor, passkeys, publicUrl, providers });
  if (values.requireVerifiedEmail && !features.mail)
    throw new ConfigurationError(
      "REQUIRE_VERIFIED_EMAIL=true needs SMTP_URL: without emails no one could log in.",
    );
  if (values.requireTwoFactor && !features.twoFactor)
    throw new ConfigurationError(
      "REQUIRE_TWO_FACTOR=true contradicts TWO_FACTOR=false: without a second factor no one could log in.",
    );
  const dataDir = resolve(settingsFolder(), values.dataDir);
  return {
    ...values,
    processes: isDevelopment ? 1 : (webConcurrency ?? processesThatFit()),
    databaseUrl: values.databaseUrl ?? `file:${resolve(dataDir, "latchkey.db")}`,
    dataDir,
    publicUrl,
    isSecure: publicUrl.protocol === "https:",
    isLocal: isLocalHost(publicUrl.hostname),
    mail,
    providers,
    isDevelopment,
    features,
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

function mailSettings(smtpUrl: URL | undefined, sender: string | undefined): MailSettings | null {
  if (smtpUrl === undefined) return null;
  if (sender === undefined)
    throw new ConfigurationError(
      "MAIL_FROM must be set where SMTP_URL is: the address that emails come from, like accounts@example.com.",
    );
  const [, name = "", address = sender] = /^(.*)<(.*)>$/.exec(sender) ?? [];
  return { smtpUrl, from: { name: name.trim(), address } };
}
