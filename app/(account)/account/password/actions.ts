"use server";

import { type ChangePasswordOutcome, changePassword, setFirstPassword } from "@/lib/accounts/change-password";
import type { WaysLeft } from "@/lib/accounts/ways-left";
import { proveSecondFactorFirst, runProvenAction, runUserAction } from "@/lib/auth";
import { readSessionToken, writeSessionCookie } from "@/lib/auth/session-cookie";
import { env } from "@/lib/platform/env";
import type { SessionUser } from "@/lib/security/sessions";
import { type ActionState, failed, invalid, invalidFields } from "@/lib/shared/action-state";
import type { FlashKey } from "@/lib/shared/flash-messages";
import { routes, sessionEndedPathFor } from "@/lib/shared/routes";
import { changePasswordSchemaFor, resetPasswordSchemaFor } from "@/lib/shared/schemas";
import { type Fields, goTo, throttled } from "@/lib/web/action";
import { flash } from "@/lib/web/flash";
import { clientInfo } from "@/lib/web/request";

/** Changes the password with the present one, and logs every other device out (ASVS v5.0.0-6.2.2, 6.2.3, 7.4.3). */
export async function changePasswordAction(_: ActionState, form: FormData): Promise<ActionState> {
  const work = async (fields: Fields, user: SessionUser) => {
    const input = changePasswordSchemaFor(env().passwordMinLength).safeParse(fields);
    if (!input.success) return invalid(input.error, form);
    const asker = { user, sessionToken: (await readSessionToken()) ?? "" };
    const outcome = await changePassword(asker, input.data, await clientInfo());
    return answerTo(outcome, outcome.ok ? describeChange(outcome) : "new-password", form);
  };
  return runUserAction("change-password", form, work, (_user, session) =>
    proveSecondFactorFirst(form, session),
  );
}

/** Sets the password of an account that has none, for somebody whose proof of who they are is recent. */
export async function setFirstPasswordAction(_: ActionState, form: FormData): Promise<ActionState> {
  return runProvenAction("set-first-password", form, async (fields, user) => {
    const input = resetPasswordSchemaFor(env().passwordMinLength).safeParse(fields);
    if (!input.success) return invalid(input.error, form);
    const asker = { user, sessionToken: (await readSessionToken()) ?? "" };
    return answerTo(await setFirstPassword(asker, input.data, await clientInfo()), "first-password", form);
  });
}

/** What is said of a new password: a thief's passkey or connection would log in whatever the password is. */
function describeChange({ hasPasskeys, hasConnections }: WaysLeft): FlashKey {
  if (hasPasskeys) return hasConnections ? "new-password-but-ways-in" : "new-password-but-passkeys";
  return hasConnections ? "new-password-but-connections" : "new-password";
}

async function answerTo(
  outcome: ChangePasswordOutcome,
  said: FlashKey,
  form: FormData,
): Promise<ActionState> {
  if (!outcome.ok)
    switch (outcome.reason) {
      case "refused":
        return form.has("currentPassword")
          ? invalidFields({ currentPassword: "That is not your password." }, form)
          : failed("Your account has a password by now. Reload this page to change it.", form);
      case "unchanged":
        return invalidFields({ password: "That is the password you have. Choose another one." }, form);
      case "weak-password":
        return invalidFields({ password: outcome.weakness.message }, form);
      case "throttled":
        return throttled(outcome, form);
      case "session-over":
        return goTo(sessionEndedPathFor(routes.accountPassword));
    }
  await writeSessionCookie(outcome.session, outcome.browserToken);
  await flash(said);
  return goTo(routes.accountPassword);
}
