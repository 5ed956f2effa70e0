import type { z } from "zod";
import { SECRET_FIELDS } from "./secret-fields";
import { looksLikeRecoveryCode } from "./two-factor";

/** What was typed, given back to the form so that nothing is lost. Never a password. */
export type TypedValues = Record<string, string>;

/** What an action answers. Closed on `status`; expected outcomes are values here, surprises are thrown. */
export type ActionState =
  | { status: "idle" }
  | { status: "invalid"; fieldErrors: Record<string, string>; waysOut: WaysOut; values: TypedValues }
  /** `retryAfterSeconds`: when to try again; absent where no moment is known. */
  | {
      status: "failed";
      message: string;
      waysOut: WayOut[];
      retryAfterSeconds?: number;
      values: TypedValues;
    }
  /** `isFile`: what is there is saved, and the page stays. */
  | { status: "done"; goTo: string; isFile?: true };

/** A link to the page where the failure can be solved. */
export type WayOut = { href: string; label: string };

/** Such links by the name of the field whose error they solve. */
type WaysOut = Record<string, WayOut[]>;

export const idle: ActionState = { status: "idle" };

const SECRETS: ReadonlySet<string> = new Set(SECRET_FIELDS);

/** The typed values worth giving back: text only, no secrets, none of the framework's own fields. */
export function typedValues(form: FormData): TypedValues {
  const values: TypedValues = {};
  for (const [name, value] of form)
    if (typeof value === "string" && !isSecret(name, value) && !name.startsWith("$")) values[name] = value;
  return values;
}

/** Some people type a recovery code where the code of an app is asked for; it may still be good. */
function isSecret(name: string, value: string): boolean {
  return SECRETS.has(name) || (name === "code" && looksLikeRecoveryCode(value));
}

/** One message per field: the first is the one to fix first. */
export function invalid(error: z.ZodError, form: FormData): ActionState {
  const fieldErrors: Record<string, string> = {};
  for (const issue of error.issues) {
    const field = String(issue.path[0] ?? "");
    fieldErrors[field] ??= issue.message;
  }
  return invalidFields(fieldErrors, form);
}

/** Errors of fields that only the server can find. */
export function invalidFields(
  fieldErrors: Record<string, string>,
  form: FormData,
  waysOut: WaysOut = {},
): ActionState {
  return { status: "invalid", fieldErrors, waysOut, values: typedValues(form) };
}

export function failed(
  message: string,
  form: FormData,
  ...waysOut: WayOut[]
): Extract<ActionState, { status: "failed" }> {
  return { status: "failed", message, waysOut, values: typedValues(form) };
}
