"use server";

import { logIn } from "@/lib/auth";
import { flashOf } from "@/lib/auth/login-messages";
import { features } from "@/lib/platform/env";
import { type ActionState, failed, invalid } from "@/lib/shared/action-state";
import { flashMessages } from "@/lib/shared/flash-messages";
import { LOGIN_LIMITS } from "@/lib/shared/limits";
import { returnPath, routes } from "@/lib/shared/routes";
import { loginSchema } from "@/lib/shared/schemas";
import { goTo, runAction, throttled } from "@/lib/web/action";

/** After too many failures in a row, when waiting does not help. An address without an account gets the same. */
const LOCKED_OUT = {
  withMail: "Too many attempts. A new password unlocks this account: choose “Forgot password?” below.",
  withoutMail: "Too many attempts. The people who run this site can unlock this account.",
} as const;

/** Logs in and leads to the page first asked for, else home. */
export async function loginAction(_: ActionState, form: FormData): Promise<ActionState> {
  return runAction(form, async (fields) => {
    const input = loginSchema.safeParse(fields);
    if (!input.success) return invalid(input.error, form);
    const outcome = await logIn(input.data);
    if (outcome.ok) return goTo(returnPath(input.data.callbackUrl));
    if (outcome.reason !== "throttled") {
      const wayOut =
        outcome.reason === "unverified" ? { href: routes.verifyEmail, label: "Type the code" } : undefined;
      return failed(flashMessages[flashOf(outcome)].text, form, wayOut);
    }
    if (outcome.retryAfterSeconds >= LOGIN_LIMITS.shutRetrySeconds)
      return failed(features().mail ? LOCKED_OUT.withMail : LOCKED_OUT.withoutMail, form);
    return throttled(outcome.retryAfterSeconds, form);
  });
}
