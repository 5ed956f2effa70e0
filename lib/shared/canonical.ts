import { asciiAddress, plainForm } from "./email-address";

/** Most bytes of UTF-8 in a password: bcrypt would drop the rest unseen. */
export const PASSWORD_MAX_BYTES = 72;

/**
 * The same as an upper limit in UTF-16 units, of which at most 1.5 make a byte of NFC: a longer text is too long in any case,
 * and composing it would take time that grows with the square of its length.
 */
export const PASSWORD_MAX_UNITS = 2 * PASSWORD_MAX_BYTES;

/**
 * The form in which usernames and emails are compared and kept unique: of an address the domain in ASCII, and lower case.
 * That is ASCII of either, so no locale is involved.
 */
export function canonical(value: string): string {
  const plain = plainForm(value);
  return (asciiAddress(plain) ?? plain).toLowerCase();
}

/** The form in which a password is hashed and compared: NFC, and nothing trimmed or case-changed (NIST SP 800-63B-4 §3.1.1.2). */
export function normalizePassword(password: string): string {
  return password.normalize("NFC");
}

export function passwordBytes(password: string): number {
  return new TextEncoder().encode(normalizePassword(password)).length;
}
