import "server-only";
import type { AdmitOutcome } from "../accounts/login/admit";
import type { Asker } from "../accounts/login/prove-holder";
import { currentUser } from "./current-user";
import { readSessionToken, writeSessionCookie } from "./session-cookie";

/**
 * This browser as the verbs of emailed links want to know it.
 * @param password the form's field, which anyone can leave out or fill with anything
 */
export async function currentAsker(password: unknown): Promise<Asker> {
  const [user, sessionToken] = await Promise.all([currentUser(), readSessionToken()]);
  return {
    userId: user?.id ?? null,
    sessionToken,
    password: typeof password === "string" && password !== "" ? password : null,
  };
}

/** Gives this browser the session of a login that a verb has admitted. For actions. */
export async function keepLogin(outcome: AdmitOutcome | null): Promise<void> {
  if (outcome?.ok) await writeSessionCookie(outcome.session, outcome.browserToken);
}
