"use server";

import { logIn, pathAfter } from "@/lib/auth";
import { flashOf } from "@/lib/auth/login-messages";
import { features } from "@/lib/platform/env";
import { type ActionState, failed, idle, invalid } from "@/lib/shared/action-state";
import { type FlashMessageContent, flashMessages } from "@/lib/shared/flash-messages";
import { returnPath, secondStepPathFor } from "@/lib/shared/routes";
import { loginSchema } from "@/lib/shared/schemas";
import { goTo, runAction, throttledLogin } from "@/lib/web/action";
import { keepTypedEmail } from "@/lib/web/typed-email";

/** Beside a wait longer than those for a few failures. An address without an account gets the same. */
const NEW_PASSWORD_HELPS = "A new password ends the wait: choose “Forgot password?” below.";

/** Keeps the address typed at the login for the form of the page that a link leads to. */
export async function keepEmailAction(form: FormData): Promise<void> {
  await runAction(form, async ({ email }) => {
    if (typeof email === "string") await keepTypedEmail(email);
    return idle;
  });
}

/** Logs in and leads to the page first asked for, else home; where the account has a second factor, by way of that. */
export async function loginAction(_: ActionState, form: FormData): Promise<ActionState> {
  return runAction(form, async (fields) => {
    const input = loginSchema.safeParse(fields);
    if (!input.success) return invalid(input.error, form);
    const outcome = await logIn(input.data);
    if (outcome.ok) return goTo(pathAfter(outcome, returnPath(input.data.callbackUrl)));
    if (outcome.reason === "second-factor")
      return goTo(secondStepPathFor(returnPath(input.data.callbackUrl)));
    if (outcome.reason === "unverified") await keepTypedEmail(input.data.email); // for the code
    if (outcome.reason !== "throttled") {
      const { text, waysOut = [] }: FlashMessageContent = flashMessages[flashOf(outcome)];
      return failed(text, form, ...waysOut);
    }
    return throttledLogin(outcome, form, features().mail ? NEW_PASSWORD_HELPS : "");
  });
}
