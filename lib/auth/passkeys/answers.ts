import "server-only";
import type { PasskeyLoginOutcome } from "../../accounts/login/log-in-with-passkey";
import { isOfferDue } from "../../accounts/passkeys/add-passkey";
import { features } from "../../platform/env";
import { type ActionState, failed, idle, invalidFields } from "../../shared/action-state";
import { type FlashMessageContent, flashMessages } from "../../shared/flash-messages";
import { type AskAnswer, PASSKEY_FIELD } from "../../shared/passkeys";
import { routes } from "../../shared/routes";
import { MINUTE_MS } from "../../shared/units";
import { runAction, throttled } from "../../web/action";
import { requestedPath } from "../../web/request";
import { currentSession } from "../current-user";
import { flashOf } from "../login-messages";
import { hasRecentProof } from "../recent-proof";

/**
 * Answers a script that wants a question for a passkey. The script asks when it needs one: what a page has is as old as the
 * page.
 */
export async function answerWithQuestion<Question>(
  form: FormData,
  ask: () => Promise<AskAnswer<Question>>,
): Promise<AskAnswer<Question>> {
  let answer: AskAnswer<Question> = null;
  await runAction(form, async () => {
    if (features().passkeys) answer = await ask();
    return idle;
  });
  return answer;
}

/** Says in the form why a passkey has not led on. */
export function refusedPasskey(
  outcome: Exclude<PasskeyLoginOutcome, { ok: true }>,
  form: FormData,
): ActionState {
  switch (outcome.reason) {
    case "unknown-passkey": // at its field the script takes it for what to tell the browser: never of a neighbour's
      return outcome.wasOurs
        ? invalidFields(
            { [PASSKEY_FIELD]: "This passkey is not known here any more. Use another way." },
            form,
          )
        : failed("This passkey is not known here. Use another way.", form);
    case "question-over":
      return failed("That took too long, or was sent twice. Try again.", form);
    case "refused":
      return failed(
        form.has(PASSKEY_FIELD)
          ? "That passkey was not accepted. Try again, or use another way."
          : "A passkey needs a script, and none ran here yet. Press again, or use another way.",
        form,
      );
    case "throttled":
      return throttled(outcome, form);
    case "unverified":
    case "locked": {
      const { text, waysOut = [] }: FlashMessageContent = flashMessages[flashOf(outcome)];
      return failed(text, form, ...waysOut);
    }
  }
}

/**
 * So long after a login the browser is asked whether it saves a passkey: its password manager has just filled in the password.
 */
const OFFER_MS = 2 * MINUTE_MS;

const ASKING_PAGES = [routes.accountPasskeys, routes.reAuthenticate];

/**
 * True for somebody who has just logged in, with all that their account asks for, and was never asked. Not where they may ask the
 * browser for a passkey themselves: it answers one question at a time. No page fails for want of it.
 */
export async function offersPasskey(): Promise<boolean> {
  try {
    const session = await currentSession();
    if (!features().passkeys || !session || Date.now() - session.createdAt.getTime() > OFFER_MS) return false;
    const path = await requestedPath();
    if (ASKING_PAGES.some((page) => path.startsWith(page))) return false;
    return (await hasRecentProof(session)) && (await isOfferDue(session.user.id));
  } catch {
    return false;
  }
}
