"use server";

import { notFound } from "next/navigation";
import { type CorrectEmailOutcome, correctEmail, correctEmailOfVouched } from "@/lib/accounts/correct-email";
import { currentUser, currentVouched } from "@/lib/auth";
import { flashOf } from "@/lib/auth/login-messages";
import { env } from "@/lib/platform/env";
import { type ActionState, failed, invalid, invalidFields } from "@/lib/shared/action-state";
import { canonical } from "@/lib/shared/canonical";
import { flashMessages } from "@/lib/shared/flash-messages";
import { routes } from "@/lib/shared/routes";
import { correctEmailSchema, correctVouchedEmailSchema } from "@/lib/shared/schemas";
import { type Fields, goTo, runActionOnce, takenFields, throttled } from "@/lib/web/action";
import { flash } from "@/lib/web/flash";
import { clientInfo } from "@/lib/web/request";

/** Gives an account that is not confirmed yet the address its owner meant, and leads on to confirming it. */
export async function correctEmailAction(_: ActionState, form: FormData): Promise<ActionState> {
  return runActionOnce("correct-email", form, async (fields) => {
    if (!env().requireVerifiedEmail) notFound();
    // Where a provider vouches for whose account it is, the form has neither field.
    const isOfVouched = fields.account === undefined && fields.password === undefined;
    return isOfVouched ? correctVouched(fields, form) : correctByPassword(fields, form);
  });
}

async function correctByPassword(fields: Fields, form: FormData): Promise<ActionState> {
  const input = correctEmailSchema.safeParse(fields);
  if (!input.success) return invalid(input.error, form);
  return answerTo(await correctEmail(input.data, await clientInfo()), input.data.email, form, REFUSED);
}

async function correctVouched(fields: Fields, form: FormData): Promise<ActionState> {
  const vouched = await currentVouched();
  if (!vouched) return failed(NOT_VOUCHED, form, { href: routes.login, label: "Log in" });
  const input = correctVouchedEmailSchema.safeParse(fields);
  if (!input.success) return invalid(input.error, form);
  const outcome = await correctEmailOfVouched(vouched, input.data, await clientInfo());
  return answerTo(outcome, input.data.email, form, REFUSED_TO_VOUCHED);
}

async function answerTo(
  outcome: CorrectEmailOutcome,
  email: string,
  form: FormData,
  refused: string,
): Promise<ActionState> {
  if (!outcome.ok)
    switch (outcome.reason) {
      case "refused":
        return failed(refused, form);
      case "unchanged":
        return invalidFields(
          { email: "The account has that address. Log in, and we send another email there." },
          form,
        );
      case "taken":
        return takenFields(["email"], form);
      case "locked":
        return failed(flashMessages[flashOf(outcome)].text, form);
      case "throttled":
        return throttled(outcome, form);
    }
  await flash("verification-sent");
  const user = await currentUser();
  // That page speaks of the account that is logged in.
  return goTo(user && canonical(user.email) !== canonical(email) ? routes.home : routes.verifyEmail);
}

/** Of a page that was drawn an hour ago, or in a browser that somebody else has used since. */
const NOT_VOUCHED = "Nothing was done: log in with the provider again, and you are led here.";

/** True in each of the cases that it must not tell apart. */
const REFUSED =
  "That did not work. Check the username and the password. An address that is confirmed already is changed in the account, after logging in.";

/** It is confirmed, has been used, has a second factor, or is connected no more. */
const REFUSED_TO_VOUCHED =
  "Nothing was done. The address of an account that has been used is corrected with its password. If it has none, ask the people who run this site.";
