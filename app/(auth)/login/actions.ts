"use server";

import { type ActionState, failed, invalid } from "@/lib/action-state";
import { logIn } from "@/lib/auth";
import { attempt, goTo } from "@/lib/auth/action";
import { notices } from "@/lib/notices";
import { returnPath } from "@/lib/routes";
import { loginSchema } from "@/lib/schemas";

/** Logs in and leads to the page first asked for, else home. */
export async function loginAction(_: ActionState, form: FormData): Promise<ActionState> {
  const input = loginSchema.safeParse(Object.fromEntries(form));
  if (!input.success) return invalid(input.error, form);
  return attempt(form, async () => {
    if (!(await logIn(input.data))) return failed(notices["login-failed"].text, form);
    return goTo(returnPath(input.data.callbackUrl));
  });
}
