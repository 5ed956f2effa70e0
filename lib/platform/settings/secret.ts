import { ConfigurationError } from "../configuration-error";
import { type Reader, trimmed } from "./setting";

/** Fewest characters in a secret: 32 characters of base64 carry at least the 128 bits of ASVS v5.0.0-11.2.3. */
export const SECRET_MIN = 32;

/**
 * A secret, exactly as it stands: it makes keys. What differs unseen, like a line end from another system, would make other
 * keys than the same secret has elsewhere, so that is refused and not taken off.
 */
export const secret: Reader<string> = (text, name, source) => {
  if (text !== text.trim() || /\p{Cc}/u.test(text))
    throw new ConfigurationError(
      `${name} has white space at an end, or a line end in it: take that out, or two programs will read two secrets.`,
    );
  return trimmed((meant) => {
    if (meant.length < SECRET_MIN)
      throw new ConfigurationError(
        `${name} must have at least ${SECRET_MIN} characters: make one with \`openssl rand -base64 32\`.`,
      );
    return meant;
  })(text, name, source);
};

/** A secret that programs send in a header (RFC 9110 §5.5): what does not pass there would never be the right one. */
export const headerSecret: Reader<string> = (text, name, source) => {
  const meant = secret(text, name, source);
  if (/^[\x20-\x7e]+$/.test(meant)) return meant;
  throw new ConfigurationError(
    `${name} must be plain ASCII, to pass in a header: make one with \`openssl rand -base64 32\`.`,
  );
};

/**
 * Former secrets, with commas between them. They only open, so they may be anything that was ever accepted, also with commas
 * in it: every run of parts that is long enough is tried.
 */
export const formerSecrets: Reader<string[]> = (text, name) => {
  const parts = text.split(",");
  const runs = parts.flatMap((_, first) =>
    parts.slice(first).map((_, more) => parts.slice(first, first + more + 1).join(",")),
  );
  // An earlier release took white space at the ends as a part of the secret.
  const found = [...new Set(runs.flatMap((run) => [run.trim(), run]))].filter(
    ({ length }) => length >= SECRET_MIN,
  );
  if (found.length > 0) return found;
  throw new ConfigurationError(
    `${name} must be the former AUTH_SECRET, or several with commas between them; none had fewer than ${SECRET_MIN} characters.`,
  );
};
