"use server";

import { hasSecondFactor } from "@/lib/accounts/factors";
import { reAuthenticateByPasskey } from "@/lib/accounts/login/log-in-with-passkey";
import { askForProofBy } from "@/lib/accounts/login/prove-passkey";
import { answerWithQuestion, currentSession, proveAgain, refusedPasskey, runUserAction } from "@/lib/auth";
import { keepLogin } from "@/lib/auth/keep-login";
import { beginJourney } from "@/lib/auth/providers/begin";
import { readSessionToken } from "@/lib/auth/session-cookie";
import { parseSecondFactor } from "@/lib/auth/two-factor/messages";
import { type ActionState, invalid } from "@/lib/shared/action-state";
import { type AskAnswer, PASSKEY_FIELD, type RequestQuestion } from "@/lib/shared/passkeys";
import { returnPath, routes } from "@/lib/shared/routes";
import { reAuthenticateSchema } from "@/lib/shared/schemas";
import { goTo } from "@/lib/web/action";
import { clientInfo } from "@/lib/web/request";

/**
 * Takes the password, and a second factor where the account has one, as a new proof of who is logged in, and goes on to the
 * page that asked for it (ASVS v5.0.0-7.5.1).
 */
export async function reAuthenticateAction(_: ActionState, form: FormData): Promise<ActionState> {
  return runUserAction("re-authenticate", form, async (fields, user, session) => {
    const input = reAuthenticateSchema.safeParse(fields);
    if (!input.success) return invalid(input.error, form);
    // A page from before it was set up has no field for it: `proveAgain` leads to one that has.
    const hasField = form.has("code") || form.has("recoveryCode");
    const second = hasField && (await hasSecondFactor(user.id)) ? parseSecondFactor(fields, form) : null;
    if (second && !second.success) return invalid(second.error, form);
    const shown = { password: input.data.password, ...(second && { secondFactor: second.data }) };
    return (await proveAgain(session, shown, "password", form)) ?? goTo(returnPath(fields.callbackUrl));
  });
}

/** Puts a question that the passkeys of who is logged in can answer. */
export async function askForProofAction(form: FormData): Promise<AskAnswer<RequestQuestion>> {
  return answerWithQuestion<RequestQuestion>(form, async () => {
    const session = await currentSession();
    if (!session) return { goTo: routes.login };
    const asked = { purpose: "re-authenticate", subject: session.id } as const;
    return { question: await askForProofBy(asked, session.user.id) };
  });
}

/** Takes a passkey as a new proof of who is logged in, in place of the password and the second factor. */
export async function reAuthenticateByPasskeyAction(_: ActionState, form: FormData): Promise<ActionState> {
  return runUserAction("re-authenticate-by-passkey", form, async (fields, _user, session) => {
    const answer = fields[PASSKEY_FIELD];
    const outcome = await reAuthenticateByPasskey(
      session,
      await readSessionToken(),
      answer,
      await clientInfo(),
    );
    if (outcome.ok) {
      await keepLogin(outcome);
      return goTo(returnPath(fields.callbackUrl));
    }
    return refusedPasskey(outcome, form);
  });
}

/** Leads to a provider, whose login is a new proof of who is logged in where the account has no password. */
export async function reAuthenticateByProviderAction(_: ActionState, form: FormData): Promise<ActionState> {
  return runUserAction(
    "re-authenticate-by-provider",
    form,
    async ({ provider, callbackUrl }, _user, { id: sessionId, isRemembered }) => {
      const path = returnPath(callbackUrl);
      return beginJourney(provider, { purpose: "re-authenticate", path, isRemembered, sessionId }, form);
    },
    () => null,
    { isDoneAgain: true },
  );
}
