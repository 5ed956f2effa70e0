import { z } from "zod";
import { plainForm } from "./email-address";
import { CODE_DIGITS, CODE_DIGITS_IN_WORDS } from "./links";

/**
 * A code as people copy and write it: spaces and dashes in it and around it are no part of it,
 * and its digits may be other than ours.
 */
export function plainDigits(text: string): string {
  return latinDigits(plainForm(text)).replace(/[\s\p{Dash_Punctuation}]/gu, "");
}

/** What a field says whose code is none. */
export const NOT_SIX_DIGITS = `The code has ${CODE_DIGITS_IN_WORDS} digits.`;

/** @param missing asks for the code */
export function codeOfDigits(missing: string) {
  return z
    .string(missing)
    .overwrite(plainDigits)
    .min(1, missing)
    .regex(new RegExp(`^\\d{${CODE_DIGITS}}$`), NOT_SIX_DIGITS);
}

/** Arabic and Persian keyboards have digits of their own, in rows of sixteen that begin with their zero. */
function latinDigits(text: string): string {
  return text.replace(/[\u0660-\u0669\u06F0-\u06F9]/g, (digit) => String(digit.charCodeAt(0) & 0xf));
}
