"use server";

import { changePassword } from "@/lib/accounts/change-password";
import { runUserAction } from "@/lib/auth";
import { readSessionToken, writeSessionCookie } from "@/lib/auth/session-cookie";
import { env } from "@/lib/platform/env";
import { type ActionState, invalid, invalidFields } from "@/lib/shared/action-state";
import { routes, sessionEndedPathFor } from "@/lib/shared/routes";
import { changePasswordSchemaFor } from "@/lib/shared/schemas";
import { goTo, throttled } from "@/lib/web/action";
import { flash } from "@/lib/web/flash";
import { clientInfo } from "@/lib/web/request";

/** Changes the password with the present one, and logs every other device out (ASVS v5.0.0-6.2.2, 6.2.3, 7.4.3). */
export async function changePasswordAction(_: ActionState, form: FormData): Promise<ActionState> {
  return runUserAction("change-password", form, async (fields, user) => {
    const input = changePasswordSchemaFor(env().passwordMinLength).safeParse(fields);
    if (!input.success) return invalid(input.error, form);
    const sessionToken = (await readSessionToken()) ?? "";
    const outcome = await changePassword({ user, sessionToken }, input.data, await clientInfo());
    if (!outcome.ok)
      switch (outcome.reason) {
        case "refused":
          return invalidFields({ currentPassword: "That is not your password." }, form);
        case "unchanged":
          return invalidFields({ password: "That is the password you have. Choose another one." }, form);
        case "weak-password":
          return invalidFields({ password: outcome.weakness.message }, form);
        case "throttled":
          return throttled(outcome, form);
        case "locked":
          return goTo(sessionEndedPathFor(routes.accountPassword));
      }
    if (!outcome.session) {
      await flash("password-reset"); // logged out in another tab meanwhile
      return goTo(routes.login);
    }
    await writeSessionCookie(outcome.session, outcome.browserToken);
    await flash("new-password");
    return goTo(routes.accountPassword);
  });
}
