"use server";

import { resetPassword } from "@/lib/accounts/reset-password";
import { env } from "@/lib/platform/env";
import { type ActionState, invalid, invalidFields } from "@/lib/shared/action-state";
import { routes } from "@/lib/shared/routes";
import { resetPasswordSchemaFor } from "@/lib/shared/schemas";
import { attempt, goTo, linkSpent, readForm } from "@/lib/web/action";
import { flash } from "@/lib/web/flash";
import { closeLink, openedLink } from "@/lib/web/link-cookie";
import { clientInfo } from "@/lib/web/request";

/** Sets a new password by a mailed link, logs every device out and asks for the login (ASVS v5.0.0-6.4.3, 7.4.3). */
export async function resetPasswordAction(_: ActionState, form: FormData): Promise<ActionState> {
  const input = resetPasswordSchemaFor(env().passwordMinLength).safeParse(readForm(form));
  if (!input.success) return invalid(input.error, form);
  return attempt(form, async () => {
    const { password } = input.data;
    const outcome = await resetPassword(
      { password, token: await openedLink(routes.resetPassword) },
      await clientInfo(),
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
