import "server-only";
import type { SessionUser } from "../security/sessions";
import type { ActionState } from "../shared/action-state";
import { loginPathFor } from "../shared/routes";
import { type Fields, goTo, runAction } from "../web/action";
import { flash } from "../web/flash";
import { returnablePath } from "../web/request";
import { currentUser } from "./current-user";
import { clearSessionCookie } from "./session-cookie";

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
    return user ? work(fields, user) : askToLogIn();
  });
}

async function askToLogIn(): Promise<ActionState> {
  await clearSessionCookie();
  await flash("login-required");
  return goTo(loginPathFor(await returnablePath()));
}
