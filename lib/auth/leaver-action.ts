import "server-only";
import type { LeavingSession } from "../security/sessions";
import { type ActionState, failed } from "../shared/action-state";
import { PAGE_FIELDS } from "../shared/page-fields";
import { returnPath, sessionEndedPathFor } from "../shared/routes";
import { type Fields, goTo, runAction } from "../web/action";
import { answerTwins, findTwinsAnswer } from "../web/twin-forms";
import { currentLeavingSession } from "./current-user";
import { madeFor } from "./page-marks";

/**
 * Runs an action for a person who has logged in to an account that is to be deleted, as `runUserAction` does for one who is
 * logged in. Anyone else goes on to the page that the form's `callbackUrl` names, or to the login before it.
 * @param action names it among all actions
 */
export async function runLeaverAction(
  action: string,
  form: FormData,
  work: (fields: Fields, session: LeavingSession) => Promise<ActionState>,
): Promise<ActionState> {
  return runAction(form, async (fields) => {
    const session = await currentLeavingSession();
    if (!session)
      return (
        (await findTwinsAnswer(action, form)) ?? goTo(sessionEndedPathFor(returnPath(fields.callbackUrl)))
      );
    if (madeFor(session.user, fields[PAGE_FIELDS.reader]) !== "this person")
      return failed("Nothing was done: this page was opened for another account. Reload it to go on.", form);
    return answerTwins(action, form, () => work(fields, session));
  });
}
