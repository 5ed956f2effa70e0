import "server-only";
import type { SessionUser } from "../security/sessions";
import type { ActionState } from "../shared/action-state";
import { sessionEndedPathFor } from "../shared/routes";
import { type Fields, goTo, runAction } from "../web/action";
import { returnablePath } from "../web/request";
import { currentUser } from "./current-user";

/**
 * Runs an action for a person who is logged in, as {@link runAction} does. A visitor goes to the login page and comes back
 * to the page of the form (ASVS v5.0.0-8.3.1).
 */
export async function runUserAction(
  form: FormData,
  work: (fields: Fields, user: SessionUser) => Promise<ActionState>,
): Promise<ActionState> {
  return runAction(form, async (fields) => {
    const user = await currentUser();
    // That route looks at the cookie this browser has then: another tab may have logged in meanwhile.
    return user ? work(fields, user) : goTo(sessionEndedPathFor(await returnablePath()));
  });
}
