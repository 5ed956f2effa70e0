"use server";

import {
  type DeletionOutcome,
  requestDeletion,
  requestDeletionWithoutPassword,
} from "@/lib/accounts/delete-account";
import { logOut, proveFirst, proveSecondFactorFirst, runUserActionAgain } from "@/lib/auth";
import { readSessionToken } from "@/lib/auth/session-cookie";
import type { LiveSession, SessionUser } from "@/lib/security/sessions";
import { type ActionState, failed, invalid, invalidFields } from "@/lib/shared/action-state";
import { routes, sessionEndedPathFor } from "@/lib/shared/routes";
import { deleteAccountSchema, deleteWithoutPasswordSchema } from "@/lib/shared/schemas";
import { type Fields, goTo, throttled } from "@/lib/web/action";
import { flash } from "@/lib/web/flash";
import { clientInfo } from "@/lib/web/request";

/** Has the account of the person who asks deleted, with the password in the act (ASVS v5.0.0-7.5.3). */
export async function deleteAccountAction(_: ActionState, form: FormData): Promise<ActionState> {
  const work = async (fields: Fields, { user }: LiveSession) => {
    const input = deleteAccountSchema.safeParse(fields);
    if (!input.success) return invalid(input.error, form);
    return answerTo(await requestDeletion(await asAsker(user), input.data, await clientInfo()), user, form);
  };
  return runUserActionAgain("delete-account", form, work, sessionOver, (_user, session) =>
    proveSecondFactorFirst(form, session),
  );
}

/** The same for an account that has no password, for somebody whose proof of who they are is recent. */
export async function deleteAccountWithoutPasswordAction(
  _: ActionState,
  form: FormData,
): Promise<ActionState> {
  const work = async (fields: Fields, { user }: LiveSession) => {
    const input = deleteWithoutPasswordSchema.safeParse(fields);
    if (!input.success) return invalid(input.error, form);
    const asker = await asAsker(user);
    return answerTo(await requestDeletionWithoutPassword(asker, input.data, await clientInfo()), user, form);
  };
  return runUserActionAgain("delete-account-without-password", form, work, sessionOver, (_user, session) =>
    proveFirst(form, session),
  );
}

async function sessionOver(): Promise<ActionState> {
  return goTo(sessionEndedPathFor(routes.accountDelete));
}

async function asAsker(user: SessionUser) {
  return { user, sessionToken: (await readSessionToken()) ?? "" };
}

/** Null: nothing was done, because the session is over. */
async function answerTo(
  outcome: DeletionOutcome,
  { username }: SessionUser,
  form: FormData,
): Promise<ActionState | null> {
  if (!outcome.ok)
    switch (outcome.reason) {
      case "other-username":
        return invalidFields({ username: `That is not your username: it is ${username}.` }, form);
      case "refused":
        return form.has("password")
          ? invalidFields({ password: "That is not your password." }, form)
          : failed("Your account has a password by now. Reload this page to go on.", form);
      case "session-over":
        return null;
      case "throttled":
        return throttled(outcome, form);
    }
  await logOut();
  await flash("deletion-begun");
  return goTo(routes.login);
}
