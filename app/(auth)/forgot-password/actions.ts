"use server";

import { notFound } from "next/navigation";
import { requestPasswordReset } from "@/lib/accounts/reset-password";
import { currentUser } from "@/lib/auth";
import { features } from "@/lib/platform/env";
import { type ActionState, invalid } from "@/lib/shared/action-state";
import { routes } from "@/lib/shared/routes";
import { forgotPasswordSchema } from "@/lib/shared/schemas";
import { goTo, runActionOnce, throttled } from "@/lib/web/action";
import { flash } from "@/lib/web/flash";
import { clientInfo } from "@/lib/web/request";

/** Sends an email to the address, whether or not it has an account, and leads to the login page (ASVS v5.0.0-6.3.8). */
export async function forgotPasswordAction(_: ActionState, form: FormData): Promise<ActionState> {
  return runActionOnce("forgot-password", form, async (fields) => {
    const input = forgotPasswordSchema.safeParse(fields);
    if (!features().mail) notFound();
    if (!input.success) return invalid(input.error, form);
    const outcome = await requestPasswordReset(input.data, await clientInfo());
    if (!outcome.ok) return throttled(outcome, form);
    await flash("reset-requested");
    return goTo((await currentUser()) ? routes.home : routes.login);
  });
}
