import { isLoopback } from "../address";
import { ConfigurationError } from "../configuration-error";
import {
  compact,
  readSetting,
  type Source,
  secretSetting,
  setting,
  textLike,
  trimmed,
  yesOrNo,
} from "./setting";
import { isHost } from "./url";

/** An identity provider that people may log in with, as the settings name it. */
export interface ProviderSettings {
  /** Its name in addresses, cookies and rows: changed, every connection with it is lost. */
  id: string;
  /** How it is spoken to: by OpenID Connect as such, or in its own way. */
  kind: "oidc" | "google" | "github";
  /** What its buttons call it. */
  label: string;
  /** Who it says it is, but perhaps for a slash at the end. Connections hold for this issuer alone. */
  issuer: string;
  clientId: string;
  clientSecret: string;
  /** True where an address that it says it has verified is believed to be its person's. */
  trustsEmail: boolean;
}

/** The parts of a provider's settings, behind its name. */
const PARTS = ["ISSUER", "CLIENT_ID", "CLIENT_SECRET", "LABEL", "TRUST_EMAIL"] as const;

/** `OIDC_<NAME>_<PART>`. */
const OIDC_NAME = new RegExp(`^OIDC_([A-Z0-9]+(?:_[A-Z0-9]+)*)_(${PARTS.join("|")})$`);

/** Names that are taken: two have settings of their own, and next-auth knows one as ours, and one as none. */
const RESERVED_IDS = new Set(["google", "github", "credentials", "undefined"]);

/** Longest name, in characters: it is part of an address and of a cookie. */
const NAME_MAX = 32;

/** Providers that are known by name. Both may be had with `<NAME>_CLIENT_ID` and `<NAME>_CLIENT_SECRET`. */
const KNOWN = [
  { kind: "google", prefix: "GOOGLE", label: "Google", issuer: "https://accounts.google.com" },
  { kind: "github", prefix: "GITHUB", label: "GitHub", issuer: "https://github.com/login/oauth" },
] as const;

/** Where a provider is: https, or plain http on this machine, which no network carries. */
const issuerUrl = compact((text, name) => {
  const url = /^https?:\/\//i.test(text) && URL.canParse(text) ? new URL(text) : null;
  if (!url || !isHost(url.hostname) || url.username || url.password || /[?#]/.test(text))
    throw new ConfigurationError(
      `${name} must be the address that the provider calls itself, like https://id.example.com, without an account or parameters.`,
    );
  if (url.protocol !== "https:" && !isLoopback(url.hostname))
    throw new ConfigurationError(
      `${name} must begin with https:// for ${url.host}; plain http is for this machine alone.`,
    );
  return text;
});

/** True for two spellings of one issuer: whoever types it may leave out the slash at its end, or put one there. */
export function isSameIssuer(one: string, other: string): boolean {
  return plainIssuer(one) === plainIssuer(other);
}

/** An issuer in the spelling by which two are compared. */
function plainIssuer(text: string): string {
  return URL.canParse(text) ? new URL(text).href.replace(/\/$/, "") : text;
}

/** What a provider gives a client: printable ASCII (RFC 6749, appendix A). */
const clientText = trimmed((text, name) => {
  if (/^[\x20-\x7e]{1,512}$/.test(text)) return text;
  throw new ConfigurationError(`${name} must be what the provider gave you: 1 to 512 characters of ASCII.`);
});

const label = textLike(/^[^\p{C}\p{Zl}\p{Zp}]{1,40}$/u, "1 to 40 visible characters, like Acme");

/** The rows of those known by name, for the table of all settings. */
export const clientIdSetting = (name: string) => setting(name, clientText, undefined);
export const clientSecretSetting = (name: string) => secretSetting(name, clientText, undefined);

/** True for the variable of a provider's secret, which no output may show. */
export function isProviderSecret(variable: string): boolean {
  return OIDC_NAME.exec(variable)?.[2] === "CLIENT_SECRET";
}

/** The variables among these that belong to a provider of any name. */
export function providerVariables(variables: string[]): string[] {
  return variables.filter((variable) => OIDC_NAME.test(variable));
}

/**
 * The providers that the settings name, those known by name first.
 * @throws ConfigurationError with one sentence where one has half of what it needs, or a setting that there is not
 */
export function readProviders(source: Source): ProviderSettings[] {
  return [...readKnown(source), ...readOidc(source)];
}

function readKnown(source: Source): ProviderSettings[] {
  return KNOWN.flatMap(({ kind, prefix, label, issuer }) => {
    const client = readClient(prefix, source);
    const trustsEmail = readSetting(setting(`${prefix}_TRUST_EMAIL`, yesOrNo, false), source);
    return client ? [{ id: kind, kind, label, issuer, ...client, trustsEmail }] : [];
  });
}

/** Null: neither is set. */
function readClient(prefix: string, source: Source): { clientId: string; clientSecret: string } | null {
  const clientId = readSetting(clientIdSetting(`${prefix}_CLIENT_ID`), source);
  const clientSecret = readSetting(clientSecretSetting(`${prefix}_CLIENT_SECRET`), source);
  if (clientId === undefined && clientSecret === undefined) return null;
  if (clientId === undefined) throw missing(`${prefix}_CLIENT_ID`, `${prefix}_CLIENT_SECRET`);
  if (clientSecret === undefined) throw missing(`${prefix}_CLIENT_SECRET`, `${prefix}_CLIENT_ID`);
  return { clientId, clientSecret };
}

function readOidc(source: Source): ProviderSettings[] {
  const given = Object.keys(source).filter((variable) => source[variable]?.trim());
  const names = [...new Set(given.flatMap((variable) => OIDC_NAME.exec(variable)?.[1] ?? []))].sort();
  for (const name of names) assertKnown(name, given);
  return names.map((name) => readNamed(name, source));
}

/** A misspelt variable would be a setting that nobody finds missing. */
function assertKnown(name: string, given: string[]): void {
  const prefix = `OIDC_${name}_`;
  const unknown = given.find((variable) => variable.startsWith(prefix) && !OIDC_NAME.test(variable));
  if (unknown !== undefined)
    throw new ConfigurationError(
      `${unknown} is no setting: a provider has ${PARTS.map((part) => prefix + part).join(", ")}.`,
    );
}

function readNamed(name: string, source: Source): ProviderSettings {
  const prefix = `OIDC_${name}`;
  const id = name.toLowerCase().replaceAll("_", "-");
  if (RESERVED_IDS.has(id) || name.length > NAME_MAX)
    throw new ConfigurationError(
      `${prefix}_ISSUER needs another name of at most ${NAME_MAX} characters in place of ${name}: Google and GitHub have settings of their own.`,
    );
  const issuer = readSetting(setting(`${prefix}_ISSUER`, issuerUrl, undefined), source);
  const client = readClient(prefix, source);
  if (issuer === undefined) throw missing(`${prefix}_ISSUER`, `other settings of ${prefix}`);
  if (!client) throw missing(`${prefix}_CLIENT_ID and ${prefix}_CLIENT_SECRET`, `${prefix}_ISSUER`);
  return {
    id,
    kind: "oidc",
    label: readSetting(setting(`${prefix}_LABEL`, label, asLabel(name)), source),
    issuer,
    ...client,
    trustsEmail: readSetting(setting(`${prefix}_TRUST_EMAIL`, yesOrNo, false), source),
  };
}

/** `ACME_EU` is "Acme eu". */
function asLabel(name: string): string {
  return name.charAt(0) + name.slice(1).toLowerCase().replaceAll("_", " ");
}

function missing(what: string, beside: string): ConfigurationError {
  return new ConfigurationError(`${what} must be set where ${beside} is: the provider gives you both.`);
}
