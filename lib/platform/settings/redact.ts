import { SECRET_NAMES } from "./table";

/** Shorter pieces of a secret stand in ordinary words. */
const PIECE_MIN = 4;

/**
 * A text without what this process knows to be secret: AUTH_SECRET and its like, the passwords in addresses, and the pieces
 * of a password that an unescaped character has moved elsewhere. For what is printed where no sentence was foreseen.
 */
export function withoutSecrets(
  text: string,
  source: Readonly<Record<string, string | undefined>> = process.env,
): string {
  const secrets = SECRET_NAMES.flatMap((name) => secretsIn(source[name] ?? ""));
  return secrets
    .filter((secret) => secret.length >= PIECE_MIN)
    .sort((one, other) => other.length - one.length)
    .reduce((rest, secret) => rest.replaceAll(secret, "[redacted]"), text);
}

function secretsIn(value: string): string[] {
  const address = /^[\w+]+:\/\/[^:]*:(.*)@/s.exec(value); // from the first colon to the last @: all that may be the password
  if (!address) return value.includes("://") || value.startsWith("file:") ? [] : [value, value.trim()];
  const [, password = ""] = address;
  return [password, ...password.split(/[#@/?%:]/), decoded(password)];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
