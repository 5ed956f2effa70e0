import { z } from "zod";
import { canonicalAppName } from "./brand";
import {
  canonical,
  normalizePassword,
  PASSWORD_MAX_BYTES,
  PASSWORD_MAX_UNITS,
  passwordBytes,
} from "./canonical";
import { codeOfDigits } from "./codes";
import { asciiAddress, plainForm, visibleForm } from "./email-address";

/** Username length in characters; ASCII only, so characters, code points and bytes are the same count. */
export const USERNAME_MIN = 2;
export const USERNAME_MAX = 20;

/** The rule for usernames in words. */
export const USERNAME_HINT = `${USERNAME_MIN} to ${USERNAME_MAX} letters a–z, digits, dots, dashes or underscores.`;

/** Longest email address in characters: the 256-octet path of RFC 5321 §4.5.3.1.3 less its angle brackets. */
export const EMAIL_MAX = 254;

/** Longest part before the @, in octets (RFC 5321 §4.5.3.1.1). */
const EMAIL_LOCAL_MAX = 64;

/** Names that would pass for the site itself, compared in canonical form. The name of the site is refused beside them. */
const RESERVED_USERNAMES = new Set([
  "about",
  "account",
  "admin",
  "administrator",
  "api",
  "help",
  "info",
  "login",
  "logout",
  "mail",
  "me",
  "moderator",
  "null",
  "postmaster",
  "register",
  "root",
  "security",
  "settings",
  "staff",
  "support",
  "system",
  "undefined",
  "webmaster",
]);

const USERNAME_CHARACTERS = /^[A-Za-z0-9._-]*$/;

/** The rules for a username. @param appName what the site is called; no username may be that */
export function usernameFor(appName: string) {
  const siteName = canonicalAppName(appName);
  return z
    .string("Choose a username.")
    .overwrite(visibleForm)
    .min(1, "Choose a username.")
    .regex(USERNAME_CHARACTERS, {
      abort: true, // Unicode's forms of a long text can take seconds to find
      error: "Use only letters a–z, digits, dots, dashes and underscores.",
    })
    .min(USERNAME_MIN, `Use at least ${USERNAME_MIN} characters.`)
    .max(USERNAME_MAX, { abort: true, error: `Use at most ${USERNAME_MAX} characters.` })
    .refine(
      (name) =>
        !RESERVED_USERNAMES.has(canonical(name)) && !(siteName && canonicalAppName(name) === siteName),
      "That username is reserved. Please choose a different one.",
    );
}

const ADDRESS_TOO_LONG = `Use an address of at most ${EMAIL_MAX} characters.`;

/**
 * Kept as typed, but for what typing and copying add. The part before the @ is ASCII: to any other, mail travels only where
 * every server on its way has agreed to (SMTPUTF8, RFC 6531), and few have.
 */
const email = z
  .string("Enter your email address.")
  .overwrite(plainForm)
  .min(1, "Enter your email address.")
  .refine((address) => (asciiAddress(address) ?? address).length <= EMAIL_MAX, {
    abort: true,
    error: ADDRESS_TOO_LONG,
  })
  .refine((address) => !/^[^@]*[^\p{ASCII}@][^@]*@[^@]+$/u.test(address), {
    abort: true,
    error:
      "We cannot write to an address with such letters before the @. Use one with plain letters, a–z, there.",
  })
  .refine((address) => z.regexes.html5Email.test(asciiAddress(address) ?? ""), {
    error: "Enter an email address like ada@example.com.",
  })
  .refine(
    (address) => address.lastIndexOf("@") <= EMAIL_LOCAL_MAX,
    `Use at most ${EMAIL_LOCAL_MAX} characters before the @.`,
  );

const TOO_MANY_BYTES = `Use at most ${PASSWORD_MAX_BYTES} bytes: ${PASSWORD_MAX_BYTES} plain letters, fewer with accents or emoji.`;

/**
 * The rules for a password that is about to be set.
 * @param minLength fewest characters, counted in code points of NFC (ASVS v5.0.0-6.2.1; NIST SP 800-63B-4 §3.1.1.2)
 */
export function newPasswordSchemaFor(minLength: number) {
  return (
    z
      .string("Choose a password.")
      .min(1, "Choose a password.")
      .max(PASSWORD_MAX_UNITS, { abort: true, error: TOO_MANY_BYTES })
      // A form puts U+FFFD in the place of what it cannot send, so another password would open the account too.
      .refine(
        (text) => text.isWellFormed() && !/[\0\uFFFD]/.test(text),
        "That password has a character that cannot be kept.",
      )
      .refine(
        (text) => [...normalizePassword(text)].length >= minLength,
        `Use at least ${minLength} characters.`,
      )
      .refine((text) => passwordBytes(text) <= PASSWORD_MAX_BYTES, TOO_MANY_BYTES)
  );
}

/**
 * The registration form. A password too easy to guess is not refused here, which would put the list of common ones into
 * every form, but by `findWeakness`.
 * @param rules the configured ones, which `env()` has; a page passes them down to its form
 */
export function registerSchemaFor({ passwordMinLength, appName }: RegisterRules) {
  const key = `${passwordMinLength} ${appName}`;
  const known = registerSchemas.get(key);
  if (known) return known;
  const schema = makeRegisterSchema({ passwordMinLength, appName });
  registerSchemas.set(key, schema);
  return schema;
}

/** What the registration form has to know of the configuration. */
interface RegisterRules {
  /** Fewest characters in a password. */
  passwordMinLength: number;
  /** What the site is called; no username may be that. */
  appName: string;
}

const registerSchemas = new Map<string, ReturnType<typeof makeRegisterSchema>>();
const resetPasswordSchemas = new Map<number, ReturnType<typeof makeResetPasswordSchema>>();

function makeRegisterSchema({ passwordMinLength, appName }: RegisterRules) {
  return z
    .object({ username: usernameFor(appName), email, ...newPasswordFields(passwordMinLength) })
    .refine(isConfirmed, NOT_CONFIRMED);
}

function makeResetPasswordSchema(passwordMinLength: number) {
  return z.object(newPasswordFields(passwordMinLength)).refine(isConfirmed, NOT_CONFIRMED);
}

function newPasswordFields(minLength: number) {
  return {
    password: newPasswordSchemaFor(minLength),
    confirmation: z.string("Type the password again.").min(1, "Type the password again."),
  };
}

/** Composed or not is the same password: two keyboards may differ in that. */
function isConfirmed({ password, confirmation }: { password: string; confirmation: string }): boolean {
  const isShort = Math.max(password.length, confirmation.length) <= PASSWORD_MAX_UNITS;
  return isShort
    ? normalizePassword(password) === normalizePassword(confirmation)
    : password === confirmation;
}

const NOT_CONFIRMED = {
  path: ["confirmation"],
  message: "The two passwords differ.",
  // Compare whenever both are there, not only once every other field is right.
  when: ({ value }: { value: unknown }) => hasText(value, "password") && hasText(value, "confirmation"),
};

/** What a field says that asks for a password the account has. */
export const NO_PASSWORD = "Enter your password.";

/** A password to compare and not to set: no rule of ours applies to it. */
const knownPassword = z.string(NO_PASSWORD).min(1, NO_PASSWORD);

export const loginSchema = z.object({
  email,
  password: knownPassword,
  /** A checkbox: its presence is its value. */
  remember: z
    .unknown()
    .optional()
    .transform((value) => value === "on"),
  callbackUrl: z.unknown().optional(),
});

export const forgotPasswordSchema = z.object({ email });

/** The new address, and the password the account has. */
export const requestEmailChangeSchema = z.object({ email, password: knownPassword });

const USERNAME_OR_EMAIL = "Enter your username, or the email address you registered with.";

/** Corrects an address that is mistyped: a person who has mistyped it does not know how, so the username will do too. */
export const correctEmailSchema = z.object({
  account: z
    .string(USERNAME_OR_EMAIL)
    .overwrite(plainForm)
    .min(1, USERNAME_OR_EMAIL)
    .refine((text) => (asciiAddress(text) ?? text).length <= EMAIL_MAX, {
      abort: true,
      error: `Use at most ${EMAIL_MAX} characters.`,
    })
    .refine((text) => {
      const ascii = asciiAddress(text) ?? "";
      return USERNAME_CHARACTERS.test(ascii) || z.regexes.html5Email.test(ascii);
    }, USERNAME_OR_EMAIL),
  password: knownPassword,
  email,
});

/** The same for an account that needs no name here, because a provider has shown which one it is. */
export const correctVouchedEmailSchema = correctEmailSchema.pick({ email: true });

const code = codeOfDigits("Type the code from the email.");

/** The code from the email, in a browser that is logged in to the account with that address. */
export const verifyCodeSchema = z.object({ email, code });

/** The same in any other browser. */
export const verifyCodeWithPasswordSchema = z.object({ email, password: knownPassword, code });

/** A row of a list, by its id. Which rows there are for whom, the query says. */
export const listedRowSchema = z.object({ id: z.string().regex(/^[\w-]{1,64}$/) });

/** The password of the account that an emailed link is for, in a browser that is not logged in to it. */
export const linkPasswordSchema = z.object({ password: knownPassword });

/** The password of someone who is logged in, where a recent proof is asked for. */
export const reAuthenticateSchema = z.object({ password: knownPassword });

const TYPE_USERNAME = "Type your username.";

/** Has an account deleted that has no password: its username, typed out. */
export const deleteWithoutPasswordSchema = z.object({
  username: z.string(TYPE_USERNAME).overwrite(visibleForm).min(1, TYPE_USERNAME),
});

/** The same for any other: with its password. */
export const deleteAccountSchema = deleteWithoutPasswordSchema.extend({ password: knownPassword });

/**
 * The form that sets a new password.
 * @param passwordMinLength the configured minimum, in characters
 */
export function resetPasswordSchemaFor(passwordMinLength: number) {
  const known = resetPasswordSchemas.get(passwordMinLength);
  if (known) return known;
  const schema = makeResetPasswordSchema(passwordMinLength);
  resetPasswordSchemas.set(passwordMinLength, schema);
  return schema;
}

/** The form in which somebody who is logged in changes the password: the one they have, and the new one twice. */
export function changePasswordSchemaFor(passwordMinLength: number) {
  return resetPasswordSchemaFor(passwordMinLength).safeExtend({ currentPassword: knownPassword });
}

export type RegisterInput = z.output<ReturnType<typeof registerSchemaFor>>;
export type LoginInput = z.output<typeof loginSchema>;
export type ForgotPasswordInput = z.output<typeof forgotPasswordSchema>;
export type ChangeEmailInput = z.output<typeof requestEmailChangeSchema>;
export type CorrectEmailInput = z.output<typeof correctEmailSchema>;
export type ChangePasswordInput = z.output<ReturnType<typeof changePasswordSchemaFor>>;
export type ResetPasswordInput = z.output<ReturnType<typeof resetPasswordSchemaFor>>;

function hasText(value: unknown, key: string): boolean {
  const text = (value as Record<string, unknown> | null)?.[key];
  return typeof text === "string" && text.length > 0;
}
