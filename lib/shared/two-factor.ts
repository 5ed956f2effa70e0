import { CODE_DIGITS } from "./links";
import { DAY_MS, MINUTE_MS } from "./units";

/** What authenticator apps expect (RFC 6238 §5.2): a code of six digits, 20 bits (ASVS v5.0.0-6.5.4), every 30 seconds. */
export const TOTP_DIGITS = CODE_DIGITS;
export const TOTP_STEP_S = 30;

/** Recovery codes that an account gets at once. */
export const RECOVERY_CODES = 10;

/** With so many left, the page and an email say that new ones are due. */
export const RECOVERY_CODES_FEW = 3;

/** Characters of one, five random bits each: 120 bits, so that a plain hash hides it (ASVS v5.0.0-6.5.2). */
export const RECOVERY_CODE_LENGTH = 24;

/** Digits and letters but I, L, O and U, which pass for others (https://www.crockford.com/base32.html). */
export const RECOVERY_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** A recovery code as it is compared: without what people add in writing, and with what was meant for what looks like it. */
export function plainRecoveryCode(typed: string): string {
  return typed
    .normalize("NFKC")
    .replace(/[\s\p{Dash_Punctuation}\p{Cf}]/gu, "")
    .toUpperCase()
    .replaceAll("O", "0")
    .replace(/[IL]/g, "1");
}

/** True for what can be one, in its plain form. */
export function isRecoveryCode(plain: string): boolean {
  return (
    plain.length === RECOVERY_CODE_LENGTH && [...plain].every((letter) => RECOVERY_ALPHABET.includes(letter))
  );
}

/** The same as it is read and typed: in groups of four. */
export function groupedBy4(code: string): string {
  return code.match(/.{1,4}/g)?.join("-") ?? "";
}

/** How long a login waits for its second proof, in milliseconds (ASVS v5.0.0-6.6.2). */
export const PENDING_LOGIN_MS = 10 * MINUTE_MS;

/** How long a secret that was shown waits for the code that proves the app has it, in milliseconds. */
export const SET_UP_MS = 30 * MINUTE_MS;

/** How long recovery codes wait for the page that shows them, in milliseconds: where the way there asks something first. */
export const SHOWN_CODES_MS = 10 * MINUTE_MS;

/** How long a browser is not asked for the second factor, if its person wishes, in days. */
export const TRUSTED_BROWSER_DAYS = 30;
export const TRUSTED_BROWSER_MS = TRUSTED_BROWSER_DAYS * DAY_MS;

/** Longest text looked at for one, in UTF-16 units: a whole list pasted by mistake is longer. */
export const RECOVERY_CODE_TYPED_MAX = 4 * RECOVERY_CODE_LENGTH;

/** The same of what somebody has typed. */
export function looksLikeRecoveryCode(typed: string): boolean {
  return typed.length <= RECOVERY_CODE_TYPED_MAX && isRecoveryCode(plainRecoveryCode(typed));
}
