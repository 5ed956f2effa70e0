/**
 * How a browser asks whether a password is on the server's list without telling which password: it sends the beginning of a
 * hash and compares the rest itself, as with the range API of Have I Been Pwned. The hash is SHA-256 of the password's
 * `listKey` in UTF-8; twelve hexadecimal digits of it are on the list.
 */
export const HASH_DIGITS = 12;

/** How much of the hash is told, in hexadecimal digits: one password in 4,096 begins alike. */
export const PREFIX_DIGITS = 3;

/** Lines of every range that is answered, so that its length does not tell which one it is. */
export const RANGE_LINES = 192;

export const RANGE_PATH = "/api/common-passwords";

/** Says which range is asked for. Not in the address: proxies log that, and a chain of prefixes would tell a password. */
export const RANGE_HEADER = "password-range";

/** @param list which edition of the list */
export function rangeName(list: string, prefix: string): string {
  return `${list}/${prefix}`;
}

/**
 * The lines of a range, each with the digits that follow the prefix in one of the hashes, or with letters that fill it up.
 * @returns null for any other text: a proxy's page, or half an answer
 */
export function parseRange(text: string): string[] | null {
  const lines = text.split("\n");
  const isWhole = lines.pop() === "" && lines.length === RANGE_LINES && lines.every(isLine);
  return isWhole ? lines : null;
}

function isLine(line: string): boolean {
  return line.length === HASH_DIGITS - PREFIX_DIGITS && /^[0-9a-v]*$/.test(line);
}
