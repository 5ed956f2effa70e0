import "server-only";
import { redirect } from "next/navigation";
import { hasPassword } from "../accounts/change-password";
import { reAuthenticate } from "../accounts/login/re-authenticate";
import { isProofRecent, type LiveSession, PROOF_MS, type SessionUser } from "../security/sessions";
import { type ActionState, failed, invalidFields } from "../shared/action-state";
import { type FlashMessageContent, flashMessages } from "../shared/flash-messages";
import { PROOF_FIELD } from "../shared/page-fields";
import { reAuthenticatePathFor, sessionEndedPathFor } from "../shared/routes";
import { formatDuration } from "../shared/units";
import { type Fields, goTo, throttled } from "../web/action";
import { clientInfo, requestedPath, returnablePath } from "../web/request";
import { currentSession, requireSession } from "./current-user";
import { keepTyped } from "./kept-form";
import { flashOf } from "./login-messages";
import { readSessionToken, writeSessionCookie } from "./session-cookie";
import { runUserAction } from "./user-action";

/** Why somebody logged in is asked for the password. */
const PROOF_NEEDED = `Type your password to go on: it is more than ${formatDuration(PROOF_MS)} since you did.`;

/**
 * Who is logged in, and has proven within {@link PROOF_MS} who they are; anyone else is sent to prove it, and comes back. For
 * pages and routes that show what a borrowed browser must not give away (ASVS v5.0.0-7.5.1, 7.5.3).
 * @param path where they go on afterwards, where that is not the page itself
 */
export async function requireRecentProof(path?: string): Promise<LiveSession> {
  const session = await requireSession();
  if (isProofRecent(session)) return session;
  redirect(reAuthenticatePathFor(path ?? (await returnablePath())));
}

/**
 * Runs an action as {@link runUserAction} does, for somebody whose proof of who they are is recent. Else the form asks for the
 * password beside what was typed, which stays; a right one goes on with the action at once. Its page must be one that
 * `requireUser` guards: it is drawn again with that field.
 */
export async function runProvenAction(
  action: string,
  form: FormData,
  work: (fields: Fields, user: SessionUser, session: LiveSession) => Promise<ActionState>,
): Promise<ActionState> {
  const proveAndWork = async (fields: Fields, user: SessionUser, session: LiveSession) => {
    if (isProofRecent(session)) return work(fields, user, session);
    const refusal = await proveAgain(session, fields[PROOF_FIELD], PROOF_FIELD, form);
    if (refusal) return refusal;
    const proven = await currentSession(); // which has taken the former one's place
    return proven ? work(fields, user, proven) : goTo(sessionEndedPathFor(await returnablePath()));
  };
  return runUserAction(action, form, proveAndWork, async ({ id }, session) =>
    (await hasPassword(id)) ? null : proveWithoutPassword(form, session),
  );
}

/**
 * Sends the person of an account without a password to prove who they are, and keeps what was typed.
 * @returns null where their proof is recent
 */
export async function proveWithoutPassword(
  form: FormData,
  session: LiveSession,
): Promise<ActionState | null> {
  if (isProofRecent(session)) return null;
  await keepTyped(form, await requestedPath());
  return goTo(reAuthenticatePathFor(await returnablePath()));
}

/**
 * Takes the password as a new proof of who is logged in, and gives this browser the session that comes with it.
 * @param field where the form says what is wrong with it
 * @returns null when it is proven, else the answer to the form
 */
export async function proveAgain(
  session: LiveSession,
  password: unknown,
  field: string,
  form: FormData,
): Promise<ActionState | null> {
  if (typeof password !== "string" || password === "") return invalidFields({ [field]: PROOF_NEEDED }, form);
  const outcome = await reAuthenticate(session, await readSessionToken(), password, await clientInfo());
  if (outcome.ok) {
    await writeSessionCookie(outcome.session, outcome.browserToken);
    return null;
  }
  switch (outcome.reason) {
    case "refused":
      return invalidFields({ [field]: "That is not your password." }, form);
    case "throttled":
      return throttled(outcome, form);
    case "unverified":
    case "locked": {
      const { text, waysOut = [] }: FlashMessageContent = flashMessages[flashOf(outcome)];
      return failed(text, form, ...waysOut);
    }
  }
}
