"use server";

import { logIn } from "@/lib/auth";
import { features } from "@/lib/platform/env";
import { type ActionState, failed, invalid } from "@/lib/shared/action-state";
import { notices } from "@/lib/shared/flash-messages";
import { LOGIN_LIMITS } from "@/lib/shared/limits";
import { returnPath, routes } from "@/lib/shared/routes";
import { loginSchema } from "@/lib/shared/schemas";
import { attempt, goTo, readForm, throttled } from "@/lib/web/action";

/** Waiting opens nothing here; said of an address without an account just the same. */
const SHUT = {
  withMail: "Too many attempts. A new password opens this account again: choose “Forgot password?” below.",
  withoutMail: "Too many attempts. Whoever runs this site can open this account to logins again.",
} as const;

/** Told to whoever knows the password, and to nobody else. */
const UNVERIFIED =
  "Please confirm your email address first. A letter with a link and a code is on its way to it.";

/** Logs in and leads to the page first asked for, else home. */
export async function loginAction(_: ActionState, form: FormData): Promise<ActionState> {
  const input = loginSchema.safeParse(readForm(form));
  if (!input.success) return invalid(input.error, form);
  return attempt(form, async () => {
    const outcome = await logIn(input.data);
    if (outcome.ok) return goTo(returnPath(input.data.callbackUrl));
    if (outcome.reason === "refused") return failed(notices["login-failed"].text, form);
    if (outcome.reason === "unverified")
      return failed(UNVERIFIED, form, { href: routes.verifyEmail, label: "Type the code" });
    if (outcome.retryAfterSeconds >= LOGIN_LIMITS.shutRetrySeconds)
      return failed(features().mail ? SHUT.withMail : SHUT.withoutMail, form);
    return throttled(outcome.retryAfterSeconds, form);
  });
}
