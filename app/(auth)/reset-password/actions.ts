"use server";

import { resetPassword } from "@/lib/accounts/reset-password";
import { type ActionState, invalid, invalidFields } from "@/lib/action-state";
import { attempt, goTo, linkSpent, readForm } from "@/lib/auth/action";
import { currentCaller } from "@/lib/auth/caller";
import { flash } from "@/lib/auth/flash";
import { closeLink, openedLink } from "@/lib/auth/link";
import { env } from "@/lib/env";
import { routes } from "@/lib/routes";
import { resetPasswordSchemaFor } from "@/lib/schemas";

/** Sets a new password by a mailed link, logs every device out and asks for the login (ASVS v5.0.0-6.4.3, 7.4.3). */
export async function resetPasswordAction(_: ActionState, form: FormData): Promise<ActionState> {
  const input = resetPasswordSchemaFor(env().passwordMinLength).safeParse(readForm(form));
  if (!input.success) return invalid(input.error, form);
  return attempt(form, async () => {
    const { password } = input.data;
    const outcome = await resetPassword(
      { password, token: await openedLink(routes.resetPassword) },
      await currentCaller(),
    );
    if (!outcome.ok)
      switch (outcome.reason) {
        case "link-spent":
          return linkSpent(form);
        case "weak-password":
          return invalidFields({ password: outcome.weakness.message }, form);
      }
    await closeLink(routes.resetPassword);
    await flash("password-reset");
    return goTo(routes.login);
  });
}
