"use server";

import { notFound } from "next/navigation";
import { correctEmail } from "@/lib/accounts/correct-email";
import { currentUser } from "@/lib/auth";
import { flashOf } from "@/lib/auth/login-messages";
import { env } from "@/lib/platform/env";
import { type ActionState, failed, invalid, invalidFields } from "@/lib/shared/action-state";
import { flashMessages } from "@/lib/shared/flash-messages";
import { routes } from "@/lib/shared/routes";
import { canonical, correctEmailSchema } from "@/lib/shared/schemas";
import { goTo, runActionOnce, takenFields, throttled } from "@/lib/web/action";
import { flash } from "@/lib/web/flash";
import { clientInfo } from "@/lib/web/request";

/** Gives an account that is not confirmed yet the address its owner meant, and leads on to confirming it. */
export async function correctEmailAction(_: ActionState, form: FormData): Promise<ActionState> {
  return runActionOnce("correct-email", form, async (fields) => {
    const input = correctEmailSchema.safeParse(fields);
    if (!env().requireVerifiedEmail) notFound();
    if (!input.success) return invalid(input.error, form);
    const outcome = await correctEmail(input.data, await clientInfo());
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

/** True in each of the cases that it must not tell apart. */
const REFUSED =
  "That did not work. Check the username and the password. An address that is confirmed already is changed in the account, after logging in.";
