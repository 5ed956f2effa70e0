import "server-only";
import { redirect } from "next/navigation";
import { hasPassword } from "../accounts/change-password";
import { hasSecondFactor } from "../accounts/factors";
import type { SecondFactorInput } from "../accounts/login/prove-second-factor";
import { reAuthenticate } from "../accounts/login/re-authenticate";
import { isProofRecent, isSecondFactorRecent, PROOF_MS } from "../security/session-proof";
import type { LiveSession, SessionUser } from "../security/sessions";
import { type ActionState, failed, invalidFields } from "../shared/action-state";
import { type FlashMessageContent, flashMessages } from "../shared/flash-messages";
import { PROOF_FIELD } from "../shared/page-fields";
import { reAuthenticatePathFor, returnPath, sessionEndedPathFor } from "../shared/routes";
import { formatDuration } from "../shared/units";
import { type Fields, goTo, throttled } from "../web/action";
import { clientInfo, requestedPath, returnablePath } from "../web/request";
import { currentSession, requireSession } from "./current-user";
import { keepLogin } from "./keep-login";
import { keepTyped } from "./kept-form";
import { flashOf } from "./login-messages";
import { readSessionToken } from "./session-cookie";
import { wrongSecondFactor } from "./two-factor/messages";
import { type Pressed, runUserAction } from "./user-action";

/** Why somebody logged in is asked for the password. */
const PROOF_NEEDED = `Type your password to go on: it is more than ${formatDuration(PROOF_MS)} since you did.`;

/**
 * True while it is less than {@link PROOF_MS} ago that the person of a session has proven who they are: where the account has
 * a second factor, that too. A login from a browser that is not asked for one has not proven it.
 */
export async function hasRecentProof(session: LiveSession): Promise<boolean> {
  if (!isProofRecent(session)) return false;
  return isSecondFactorRecent(session) || !(await hasSecondFactor(session.user.id));
}

/**
 * Who is logged in, and has proven within {@link PROOF_MS} who they are; anyone else is sent to prove it, and comes back. For
 * pages and routes that show what a borrowed browser must not give away (ASVS v5.0.0-7.5.1, 7.5.3).
 * @param path where they go on afterwards, where that is not the page itself
 */
export async function requireRecentProof(path?: string): Promise<LiveSession> {
  const session = await requireSession();
  if (await hasRecentProof(session)) return session;
  redirect(reAuthenticatePathFor(path ?? (await returnablePath())));
}

/**
 * Who is logged in; where their account has a second factor, their proof of it is recent. For pages whose form asks for the
 * password in the act: that alone is not enough for such an account.
 */
export async function requireRecentSecondFactor(): Promise<SessionUser> {
  const session = await requireSession();
  if (await hasSecondFactor(session.user.id)) await requireRecentProof();
  return session.user;
}

/**
 * Runs an action as {@link runUserAction} does, for somebody whose proof of who they are is recent. Else the form asks for the
 * password beside what was typed, which stays; a right one goes on with the action at once. Its page must be one that
 * `requireUser` guards: it is drawn again with that field. Who has a second factor, or no password, goes to the page that
 * asks for what they have, and comes back to what was typed.
 */
export async function runProvenAction(
  action: string,
  form: FormData,
  work: (fields: Fields, user: SessionUser, session: LiveSession) => Promise<ActionState>,
  pressed: Pressed = {},
): Promise<ActionState> {
  const proveAndWork = async (fields: Fields, user: SessionUser, session: LiveSession) => {
    if (await hasRecentProof(session)) return work(fields, user, session);
    const refusal = await proveAgain(session, { password: fields[PROOF_FIELD] }, PROOF_FIELD, form);
    if (refusal) return refusal;
    const proven = await currentSession(); // which has taken the former one's place
    return proven ? work(fields, user, proven) : goTo(sessionEndedPathFor(await returnablePath()));
  };
  const instead = async ({ id }: SessionUser, session: LiveSession) =>
    (await hasPassword(id)) ? proveSecondFactorFirst(form, session) : proveFirst(form, session);
  return runUserAction(action, form, proveAndWork, instead, pressed);
}

/**
 * Sends a person to prove who they are, and keeps what was typed: where no field of the form asks for what they have.
 * @returns null where their proof is recent
 */
export async function proveFirst(form: FormData, session: LiveSession): Promise<ActionState | null> {
  if (await hasRecentProof(session)) return null;
  await keepTyped(form, await requestedPath());
  return goTo(reAuthenticatePathFor(await returnablePath()));
}

/**
 * The same for a person whose account has a second factor; null for all others. One line for an
 * action that asks for the password in the act.
 */
export async function proveSecondFactorFirst(
  form: FormData,
  session: LiveSession,
): Promise<ActionState | null> {
  return (await hasSecondFactor(session.user.id)) ? proveFirst(form, session) : null;
}

/** What somebody shows to prove again who they are. */
interface ShownProof {
  /** As it came in the form. */
  password: unknown;
  /** Left out where the form has no field for it. */
  secondFactor?: SecondFactorInput;
}

/**
 * Takes the password, and a second factor where the account has one, as a new proof of who is logged in, and gives this
 * browser the session that comes with it.
 * @param field where the form says what is wrong with the password
 * @returns null when it is proven, else the answer to the form
 */
export async function proveAgain(
  session: LiveSession,
  { password, secondFactor }: ShownProof,
  field: string,
  form: FormData,
): Promise<ActionState | null> {
  if (typeof password !== "string" || password === "") return invalidFields({ [field]: PROOF_NEEDED }, form);
  const shown = { password, secondFactor: secondFactor ?? null };
  const outcome = await reAuthenticate(session, await readSessionToken(), shown, await clientInfo());
  if (outcome.ok) {
    await keepLogin(outcome);
    return null;
  }
  switch (outcome.reason) {
    case "refused":
      return invalidFields({ [field]: "That is not your password." }, form);
    case "throttled":
      return throttled(outcome, form);
    case "wrong-code":
      return wrongSecondFactor(form);
    case "code-needed": // set up in another tab meanwhile: its page has the field
      return goTo(reAuthenticatePathFor(returnPath(form.get("callbackUrl") ?? (await returnablePath()))));
    case "unverified":
    case "locked": {
      const { text, waysOut = [] }: FlashMessageContent = flashMessages[flashOf(outcome)];
      return failed(text, form, ...waysOut);
    }
  }
}
