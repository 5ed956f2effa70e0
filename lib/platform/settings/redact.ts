import { inspect } from "node:util";
import { isProviderSecret } from "./providers";
import { SECRET_NAMES } from "./table";

/** Shorter pieces of a secret stand in ordinary words. */
const PIECE_MIN = 4;

/**
 * A text without what this process knows to be secret: AUTH_SECRET and its like, the passwords in addresses, and the pieces
 * of a password that an unescaped character has moved elsewhere; as they stand, and as programs print them in quotes. For
 * what is printed where no sentence was foreseen.
 */
export function withoutSecrets(
  text: string,
  source: Readonly<Record<string, string | undefined>> = process.env,
): string {
  const names = [...SECRET_NAMES, ...Object.keys(source).filter(isProviderSecret)];
  const secrets = names.flatMap((name) => secretsIn(source[name] ?? "", name));
  return [...new Set(secrets.flatMap(asPrinted))]
    .filter((secret) => secret.length >= PIECE_MIN)
    .sort((one, other) => other.length - one.length)
    .reduce((rest, secret) => rest.replaceAll(secret, "[redacted]"), text);
}

function secretsIn(value: string, name: string): string[] {
  if (!name.endsWith("_URL") || !/^([\w+]+:\/\/|file:)/.test(value))
    return [value, ...value.split(",")].map((part) => part.trim()); // former secrets have commas between them
  if (value.startsWith("file:")) return [];
  const [, password = ""] = /^[\w+]+:\/\/[^:]*:(.*)@/s.exec(value) ?? []; // from the first colon to the last @: all that may be the password
  const parameters = [...value.matchAll(/[?&]password=([^&#]*)/gi)].map(([, given = ""]) => given);
  return [password, ...password.split(/[#@/?%:]/), ...parameters].flatMap((part) => [
    part,
    decoded(part),
    decoded(part.replaceAll("+", " ")), // as in a form
  ]);
}

/** As it stands, in JSON, and as util.inspect escapes it: an apostrophe only within apostrophes. */
function asPrinted(secret: string): string[] {
  const parts = secret.split("'").map((part) => inspect(part).slice(1, -1));
  return [secret, JSON.stringify(secret).slice(1, -1), parts.join("'"), parts.join("\\'")];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
