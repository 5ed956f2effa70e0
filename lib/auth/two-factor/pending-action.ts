import "server-only";
import type { PendingLogin } from "../../security/two-factor/pending-logins";
import { type ActionState, failed } from "../../shared/action-state";
import { PAGE_FIELDS } from "../../shared/page-fields";
import { loginPathFor, returnPath } from "../../shared/routes";
import { type Fields, goTo, runAction } from "../../web/action";
import { cookieNames } from "../../web/cookies";
import { flash } from "../../web/flash";
import { answerTwins, findTwinsAnswer } from "../../web/twin-forms";
import { madeFor } from "../page-marks";
import { clearPendingLogin, currentPendingLogin } from "./pending-login";

/**
 * Runs an action for the person of a login that waits for its second proof, as `runUserAction` does for one who is logged in.
 * Anyone else goes to the login, and from there to the page that the form's `callbackUrl` names.
 * @param action names it among all actions
 * @param isDoneAgain true where an equal form that is sent later gets an answer of its own: the first one's works once
 */
export async function runPendingAction(
  action: string,
  form: FormData,
  work: (fields: Fields, pending: PendingLogin) => Promise<ActionState>,
  { isDoneAgain = false } = {},
): Promise<ActionState> {
  return runAction(form, async (fields) => {
    const pending = await currentPendingLogin();
    if (!pending) return (await findTwinsAnswer(action, form)) ?? beginAgain(fields.callbackUrl);
    if (madeFor(pending.user, fields[PAGE_FIELDS.reader]) !== "this person")
      return failed("Nothing was done: this page was opened for another login. Reload it to go on.", form);
    // Its answer opens a session: who has copied the form gets none by it.
    const doWork = () => work(fields, pending);
    const again = isDoneAgain ? { again: doWork } : {};
    return answerTwins(action, form, doWork, { ...again, boundBy: cookieNames.pendingLogin() });
  });
}

/** Leads to the login: this one waits no more. */
export async function beginAgain(callbackUrl: unknown): Promise<ActionState> {
  await clearPendingLogin();
  await flash("second-step-over");
  return goTo(loginPathFor(returnPath(callbackUrl)));
}
