/**
 * How a browser asks whether a password is on the server's list without telling which password: it sends the beginning of a
 * hash and compares the rest itself, as with the range API of Have I Been Pwned. The hash is SHA-256 of the password's
 * `listKey` in UTF-8; twelve hexadecimal digits of it are on the list.
 */
export const HASH_DIGITS = 12;

/** How much of the hash is told, in hexadecimal digits: one password in 4,096 begins alike. */
export const PREFIX_DIGITS = 3;

/**
 * Where a range is: a line for each hash with this beginning, with the digits that follow it.
 * @param list which edition of the list, so that caches may keep an answer for ever
 */
export function rangePath(list: string, prefix: string): string {
  return `/api/common-passwords/${list}/${prefix}`;
}
