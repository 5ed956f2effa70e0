"use server";

import { notFound } from "next/navigation";
import { correctEmail, correctEmailOfShown } from "@/lib/accounts/correct-email";
import { currentShown, currentUser } from "@/lib/auth";
import { flashOf } from "@/lib/auth/login-messages";
import { env } from "@/lib/platform/env";
import { type ActionState, failed, invalid, invalidFields } from "@/lib/shared/action-state";
import { canonical } from "@/lib/shared/canonical";
import { flashMessages } from "@/lib/shared/flash-messages";
import { routes } from "@/lib/shared/routes";
import { type CorrectEmailInput, correctEmailSchema, correctShownEmailSchema } from "@/lib/shared/schemas";
import { goTo, runActionOnce, takenFields, throttled } from "@/lib/web/action";
import { flash } from "@/lib/web/flash";
import { clientInfo } from "@/lib/web/request";

/** Gives an account that is not confirmed yet the address its owner meant, and leads on to confirming it. */
export async function correctEmailAction(_: ActionState, form: FormData): Promise<ActionState> {
  return runActionOnce("correct-email", form, async (fields) => {
    if (!env().requireVerifiedEmail) notFound();
    const isOfShown = fields.account === undefined && fields.password === undefined;
    const shown = isOfShown ? await currentShown() : null;
    if (isOfShown && !shown) return failed(NOT_SHOWN, form, { href: routes.login, label: "Log in" });
    const input = (shown ? correctShownEmailSchema : correctEmailSchema).safeParse(fields);
    if (!input.success) return invalid(input.error, form);
    const client = await clientInfo();
    const outcome = shown
      ? await correctEmailOfShown(shown, input.data, client)
      : await correctEmail(input.data as CorrectEmailInput, client);
    if (!outcome.ok)
      switch (outcome.reason) {
        case "refused":
          return failed(REFUSED, form);
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
    return goTo(
      user && canonical(user.email) !== canonical(input.data.email) ? routes.home : routes.verifyEmail,
    );
  });
}

/** Of a page that was drawn an hour ago, or in a browser that somebody else has used since. */
const NOT_SHOWN = "Nothing was done: log in with the other provider again, and you are led here.";

/** True in each of the cases that it must not tell apart. */
const REFUSED =
  "That did not work. Check the username and the password. An address that is confirmed already is changed in the account, after logging in.";
