"use server";

import { notFound } from "next/navigation";
import { requestPasswordReset } from "@/lib/accounts/reset-password";
import { features } from "@/lib/platform/env";
import { type ActionState, invalid } from "@/lib/shared/action-state";
import { routes } from "@/lib/shared/routes";
import { forgotPasswordSchema } from "@/lib/shared/schemas";
import { attempt, goTo, readForm, throttled } from "@/lib/web/action";
import { flash } from "@/lib/web/flash";
import { clientInfo } from "@/lib/web/request";

/** Sends a letter to the address, whoever has it, and leads to the login page (ASVS v5.0.0-6.3.8). */
export async function forgotPasswordAction(_: ActionState, form: FormData): Promise<ActionState> {
  const input = forgotPasswordSchema.safeParse(readForm(form));
  if (!features().mail) notFound();
  if (!input.success) return invalid(input.error, form);
  return attempt(form, async () => {
    const outcome = await requestPasswordReset(input.data, await clientInfo());
    if (!outcome.ok) return throttled(outcome.retryAfterSeconds, form);
    await flash("reset-requested");
    return goTo(routes.login);
  });
}
