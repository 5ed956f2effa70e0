import "server-only";
import type { SessionUser } from "../security/sessions";
import { type ActionState, failed } from "../shared/action-state";
import { PAGE_FIELDS } from "../shared/page-fields";
import { sessionEndedPathFor } from "../shared/routes";
import { type Fields, goTo, runAction } from "../web/action";
import { returnablePath } from "../web/request";
import { answerTwins, findTwinsAnswer } from "../web/twin-forms";
import { currentUser } from "./current-user";
import { isMadeFor } from "./page-marks";

/**
 * Runs an action for a person who is logged in, as {@link runAction} does, and once where its button was pressed twice. A
 * visitor goes to the login page and comes back to the page of the form (ASVS v5.0.0-8.3.1). A form from a page that was made
 * for somebody else does nothing: another person has logged in since, in another tab.
 * @param action names it among all actions
 * @param sendAway answers in place of the work, where the person has to go somewhere else first; a later form that is equal
 *   asks it anew
 */
export async function runUserAction(
  action: string,
  form: FormData,
  work: (fields: Fields, user: SessionUser) => Promise<ActionState>,
  sendAway: (user: SessionUser) => Promise<ActionState | null> = async () => null,
): Promise<ActionState> {
  return runAction(form, async (fields) => {
    const user = await currentUser();
    // A first press may have ended the session that both came with, and the browser shows the answer to the second.
    // The route looks at the cookie this browser has then: another tab may have logged in meanwhile.
    if (!user)
      return (await findTwinsAnswer(action, form)) ?? goTo(sessionEndedPathFor(await returnablePath()));
    if (!isMadeFor(user, fields[PAGE_FIELDS.reader])) return notTheReader(user, form);
    return (await sendAway(user)) ?? answerTwins(action, form, () => work(fields, user));
  });
}

function notTheReader({ username }: SessionUser, form: FormData): ActionState {
  return failed(
    `Nothing was done: this page was opened for another account, and you are logged in as ${username} now. Reload it to go on.`,
    form,
  );
}
