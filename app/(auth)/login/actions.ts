"use server";

import { type ActionState, failed, invalid } from "@/lib/action-state";
import { logIn } from "@/lib/auth";
import { attempt, goTo, throttled } from "@/lib/auth/action";
import { notices } from "@/lib/notices";
import { returnPath } from "@/lib/routes";
import { loginSchema } from "@/lib/schemas";

/** Logs in and leads to the page first asked for, else home. */
export async function loginAction(_: ActionState, form: FormData): Promise<ActionState> {
  const input = loginSchema.safeParse(Object.fromEntries(form));
  if (!input.success) return invalid(input.error, form);
  return attempt(form, async () => {
    const outcome = await logIn(input.data);
    if (outcome.ok) return goTo(returnPath(input.data.callbackUrl));
    if (outcome.reason === "throttled") return throttled(outcome.retryAfterSeconds, form);
    return failed(notices["login-failed"].text, form);
  });
}
