"use server";

import { notFound } from "next/navigation";
import { addPasskey, askForPasskey } from "@/lib/accounts/passkeys/add-passkey";
import { arePasskeysShown, removePasskey, renamePasskey } from "@/lib/accounts/passkeys/own-passkeys";
import {
  answerWithQuestion,
  currentSession,
  hasRecentProof,
  refusedPasskey,
  runProvenAction,
  runUserAction,
} from "@/lib/auth";
import { features } from "@/lib/platform/env";
import type { LiveSession } from "@/lib/security/sessions";
import { type ActionState, failed, invalid } from "@/lib/shared/action-state";
import type { FlashKey } from "@/lib/shared/flash-messages";
import { renamePasskeySchema } from "@/lib/shared/passkey-schemas";
import { type AskAnswer, type CreationQuestion, PASSKEY_FIELD, PASSKEYS_MAX } from "@/lib/shared/passkeys";
import { notProvenPathFor, reAuthenticatePathFor, routes, sessionEndedPathFor } from "@/lib/shared/routes";
import { listedRowSchema } from "@/lib/shared/schemas";
import { goTo, throttled } from "@/lib/web/action";
import { flash } from "@/lib/web/flash";
import { clientInfo } from "@/lib/web/request";

/** Puts the question for a new passkey, to somebody whose proof of who they are is recent (ASVS v5.0.0-7.5.1). */
export async function askForNewAction(form: FormData): Promise<AskAnswer<CreationQuestion>> {
  return answerWithQuestion<CreationQuestion>(form, async () => {
    const session = await currentSession();
    if (!session) return { goTo: sessionEndedPathFor(routes.accountPasskeys) };
    if (!(await hasRecentProof(session))) return { goTo: reAuthenticatePathFor(routes.accountPasskeys) };
    return { question: await askForPasskey(session.user, "add", session.id) };
  });
}

export async function addPasskeyAction(_: ActionState, form: FormData): Promise<ActionState> {
  return runProvenAction("add-passkey", form, async (fields, _user, session) => {
    if (!features().passkeys) notFound();
    const outcome = await addPasskey(session, "add", fields[PASSKEY_FIELD], await clientInfo());
    if (!outcome.ok)
      switch (outcome.reason) {
        case "refused":
        case "question-over":
          return refusedPasskey(outcome, form);
        case "taken":
          return failed("That passkey is an account's already. Use another one.", form);
        case "too-many":
          return failed(`You have ${PASSKEYS_MAX} passkeys. Remove one before you add another.`, form);
        case "session-over":
        case "proof-needed":
          return goTo(notProvenPathFor(outcome.reason, routes.accountPasskeys));
        case "throttled":
          return throttled(outcome, form);
      }
    return backToList("passkey-added", session);
  });
}

/**
 * Gives one of one's passkeys another name. An id that is none of theirs gets the answer of one
 * that is gone (ASVS v5.0.0-8.2.2).
 */
export async function renamePasskeyAction(_: ActionState, form: FormData): Promise<ActionState> {
  return runUserAction("rename-passkey", form, async (fields, _user, session) => {
    const input = renamePasskeySchema.safeParse(fields);
    if (!input.success) return invalid(input.error, form);
    const outcome = await renamePasskey(session, input.data, await clientInfo());
    if (!outcome.ok) return goTo(notProvenPathFor(outcome.reason, routes.accountPasskeys));
    return backToList(outcome.hadIt ? "passkey-renamed" : "passkey-gone", session);
  });
}

/** Takes one of one's passkeys away. */
export async function removePasskeyAction(_: ActionState, form: FormData): Promise<ActionState> {
  return runProvenAction("remove-passkey", form, async (fields, _user, session) => {
    const input = listedRowSchema.safeParse(fields);
    if (!input.success) return backToList("passkey-gone", session);
    const outcome = await removePasskey(session, input.data.id, await clientInfo());
    if (!outcome.ok)
      switch (outcome.reason) {
        case "last-way-in":
          return failed(
            "This is the only way into your account. Add another passkey or a password first.",
            form,
          );
        case "required":
          return failed(
            `This site requires a second factor. Add ${features().passkeys ? "another passkey or " : ""}an authenticator app first.`,
            form,
          );
        case "session-over":
        case "proof-needed":
          return goTo(notProvenPathFor(outcome.reason, routes.accountPasskeys));
        case "throttled":
          return throttled(outcome, form);
      }
    return backToList(outcome.hadIt ? "passkey-removed" : "passkey-gone", session);
  });
}

/** Where the site takes no passkeys, the list goes with the last one. */
async function backToList(said: FlashKey, { user }: LiveSession): Promise<ActionState> {
  await flash(said);
  return goTo((await arePasskeysShown(user.id)) ? routes.accountPasskeys : routes.account);
}
