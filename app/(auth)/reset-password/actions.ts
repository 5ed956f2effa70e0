"use server";

import { resetPassword } from "@/lib/accounts/reset-password";
import { env } from "@/lib/platform/env";
import { type ActionState, invalid, invalidFields } from "@/lib/shared/action-state";
import { routes } from "@/lib/shared/routes";
import { resetPasswordSchemaFor } from "@/lib/shared/schemas";
import { goTo, linkClosed, linkSpent, runAction } from "@/lib/web/action";
import { flash } from "@/lib/web/flash";
import { clearOpenedLink, findOpenedLink } from "@/lib/web/link-cookie";
import { clientInfo } from "@/lib/web/request";

/** Sets a new password by an emailed link, logs every device out and asks for the login (ASVS v5.0.0-6.4.3, 7.4.3). */
export async function resetPasswordAction(_: ActionState, form: FormData): Promise<ActionState> {
  return runAction(form, async (fields) => {
    const input = resetPasswordSchemaFor(env().passwordMinLength).safeParse(fields);
    if (!input.success) return invalid(input.error, form);
    const link = await findOpenedLink(fields.link);
    if (!link) return linkClosed(form);
    const { password } = input.data;
    const outcome = await resetPassword({ token: link.token, password }, await clientInfo());
    if (!outcome.ok)
      switch (outcome.reason) {
        case "link-spent":
          return linkSpent(form);
        case "weak-password":
          return invalidFields({ password: outcome.weakness.message }, form);
      }
    await clearOpenedLink(link);
    await flash("password-reset");
    return goTo(routes.login);
  });
}
