import "server-only";
import type { LiveSession, SessionUser } from "../security/sessions";
import { type ActionState, failed } from "../shared/action-state";
import { PAGE_FIELDS } from "../shared/page-fields";
import { sessionEndedPathFor } from "../shared/routes";
import { type Fields, goTo, runAction } from "../web/action";
import { requestedPath, returnablePath } from "../web/request";
import { answerTwins, findTwinsAnswer } from "../web/twin-forms";
import { currentSession } from "./current-user";
import { keepTyped } from "./kept-form";
import { madeFor } from "./page-marks";

/** What an action wants beside its work. */
export interface Pressed {
  /**
   * True where an equal form that is sent later gets an answer of its own: the first one's works
   * once, such as a way to a provider.
   */
  isDoneAgain?: boolean;
}

type Instead = (user: SessionUser, session: LiveSession) => ActionState | null | Promise<ActionState | null>;

/**
 * Runs an action for a person who is logged in, as {@link runAction} does, and once where its button was pressed twice. A
 * visitor goes to the login page and comes back to the page of the form (ASVS v5.0.0-8.3.1), which has what they had typed
 * there as long as they were logged in. A form from a page that was made
 * for somebody else does nothing: another person has logged in since, in another tab.
 * @param action names it among all actions
 * @param instead answers in place of the work, where the person has to go somewhere else first or there is nothing to do;
 *   null: neither. Nothing is kept of such an answer: a later form that is equal asks anew.
 */
export async function runUserAction(
  action: string,
  form: FormData,
  work: (fields: Fields, user: SessionUser, session: LiveSession) => Promise<ActionState>,
  instead: Instead = () => null,
  { isDoneAgain = false }: Pressed = {},
): Promise<ActionState> {
  return runForReader(action, form, async (fields, session) => {
    const { user } = session;
    const doWork = () => work(fields, user, session);
    const again = unlessEnded(doWork);
    return (await instead(user, session)) ?? answerTwins(action, form, doWork, isDoneAgain ? { again } : {});
  });
}

/**
 * The same for an action that can be done again, and is whenever its button is pressed: what has come since is to end as well.
 * Where nothing is left to do, because the button was pressed twice, the second press gets the answer to the first.
 * @param work null: there was nothing to do
 * @param otherwise answers then, where the button was not pressed before
 * @param instead as {@link runUserAction} has it
 */
export async function runUserActionAgain(
  action: string,
  form: FormData,
  work: (fields: Fields, session: LiveSession) => Promise<ActionState | null>,
  otherwise: () => Promise<ActionState>,
  instead: Instead = () => null,
): Promise<ActionState> {
  return runForReader(
    action,
    form,
    async (fields, session) =>
      (await instead(session.user, session)) ??
      answerTwins(action, form, async () => (await work(fields, session)) ?? otherwise(), {
        again: unlessEnded(() => work(fields, session)),
      }),
  );
}

/** The work of a second press: the first one, which it has waited for, may have ended the session. */
function unlessEnded(work: () => Promise<ActionState | null>): () => Promise<ActionState | null> {
  return async () => ((await currentSession()) ? work() : null);
}

async function runForReader(
  action: string,
  form: FormData,
  answer: (fields: Fields, session: LiveSession) => Promise<ActionState>,
): Promise<ActionState> {
  return runAction(form, async (fields) => {
    const session = await currentSession();
    // A first press may have ended the session that both came with, and the browser shows the answer to the second.
    // The route looks at the cookie this browser has then: another tab may have logged in meanwhile.
    if (!session) return (await findTwinsAnswer(action, form)) ?? logInFirst(form);
    const { user } = session;
    const reader = madeFor(user, fields[PAGE_FIELDS.reader]);
    if (reader !== "this person") return notTheReader(reader, user, form);
    return answer(fields, session);
  });
}

/** What was typed is there again afterwards. */
async function logInFirst(form: FormData): Promise<ActionState> {
  await keepTyped(form, await requestedPath());
  return goTo(sessionEndedPathFor(await returnablePath()));
}

function notTheReader(
  reader: "somebody else" | "unknown",
  { username }: SessionUser,
  form: FormData,
): ActionState {
  const why =
    reader === "somebody else"
      ? `this page was opened for another account, and you are logged in as ${username} now.`
      : "this page is out of date.";
  return failed(`Nothing was done: ${why} Reload it to go on.`, form);
}
