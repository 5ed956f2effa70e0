import "server-only";
import { randomUUID } from "node:crypto";
import { redirect } from "next/navigation";
import type { HolderProof } from "../accounts/login/prove-holder";
import type { Throttled } from "../accounts/outcomes";
import { features } from "../platform/env";
import { currentRequestContext, withRequestContext } from "../platform/request-context";
import { type ActionState, failed, invalidFields, type WayOut } from "../shared/action-state";
import { LOGIN_LIMITS, USERNAME_RESERVED_DAYS } from "../shared/limits";
import { type LinkPurpose, spentSentence } from "../shared/links";
import { routes } from "../shared/routes";
import { NO_PASSWORD } from "../shared/schemas";
import { waitSentence } from "../shared/wait";
import { markForm, markRetryAfter } from "./answer";
import { reportUnavailable } from "./failures";
import { flash } from "./flash";
import { clientInfo, isAnsweringForm, requestedPath } from "./request";
import { answerTwins } from "./twin-forms";

/** The fields of a form as they arrived, the last one of several with one name. */
export type Fields = Record<string, FormDataEntryValue>;

/**
 * Runs an action: gives it the form's fields, and names the request in every line it logs. When the database or the hashing
 * queue is unavailable, the form says so and keeps what was typed. Where no script runs, an action that is done ends in
 * Next's redirect.
 * @throws TypeError when a client sent something else than a form, which Next allows
 */
export async function runAction(
  form: FormData,
  work: (fields: Fields) => Promise<ActionState>,
): Promise<ActionState> {
  if (!(form instanceof FormData)) throw new TypeError("an action was called without a form");
  markForm();
  const state = await withContext(() => work(Object.fromEntries(form))).catch((error: unknown) => {
    if (!reportUnavailable(error)) throw error;
    return failed("We cannot do that right now. Please try again in a moment.", form);
  });
  if (state.status === "done" && !(await isAnsweringForm())) redirect(state.goTo);
  return state;
}

/**
 * The same for an action that cannot be done twice: a second press of its button gets the answer to the first, and not that
 * the name is taken or the link was used. A login and a log-out can be done twice, and must be: of many logins at once each
 * one counts.
 * @param action names it among all actions
 */
export async function runActionOnce(
  action: string,
  form: FormData,
  work: (fields: Fields) => Promise<ActionState>,
): Promise<ActionState> {
  return runAction(form, (fields) => answerTwins(action, form, () => work(fields)));
}

/** Our own server has set the request's context already; under another server the action sets one. */
async function withContext<T>(work: () => Promise<T>): Promise<T> {
  if (currentRequestContext()) return work();
  const [{ ip, requestId }, path] = await Promise.all([clientInfo(), requestedPath()]);
  const context = {
    requestId: requestId ?? randomUUID(),
    ip,
    method: "POST",
    path: path.replace(/[?#].*$/s, ""),
  };
  return withRequestContext(context, work);
}

const TAKEN = {
  username: "That username is taken. Please choose a different one.",
  email: "That email is taken. Please choose a different one.",
} as const;

/** For the person whose own address it is, registered some time ago. */
function waysToOwnAccount(): WayOut[] {
  const logIn = { href: routes.login, label: "Log in" };
  return features().mail ? [logIn, { href: routes.forgotPassword, label: "Forgot password?" }] : [logIn];
}

/** Says at the fields what another account has. */
export function takenFields(fields: (keyof typeof TAKEN)[], form: FormData): ActionState {
  const errors = Object.fromEntries(fields.map((field) => [field, TAKEN[field]]));
  return invalidFields(errors, form, fields.includes("email") ? { email: waysToOwnAccount() } : {});
}

/** Says in the form that its emailed link no longer works. */
export function linkSpent(purpose: LinkPurpose, form: FormData): ActionState {
  return failed(`This link no longer works. ${spentSentence(purpose)}`, form);
}

/** Says in the form that this browser no longer has its link open. */
export function linkClosed(form: FormData): ActionState {
  return failed("This browser no longer has that link open. Please open the link in the email again.", form);
}

/**
 * Says in the form of an emailed link or code why this browser does not count as the account's own. A form without a field
 * for the password was drawn for someone logged in: it is drawn anew.
 * @param page where it is drawn
 * @param advice how to get a new password there, which ends a long wait
 */
export async function notHolder(
  outcome: Exclude<HolderProof, { ok: true }>,
  form: FormData,
  page: string,
  advice = "",
): Promise<ActionState> {
  if (outcome.reason !== "throttled" && !form.has("password")) {
    await flash("holder-logged-out");
    return goTo(page);
  }
  switch (outcome.reason) {
    case "password-needed":
      return invalidFields({ password: NO_PASSWORD }, form);
    case "refused":
      return invalidFields({ password: "That is not the password of this account." }, form);
    case "throttled":
      return throttledLogin(outcome, form, advice);
  }
}

/** As {@link throttled}, where a password was typed: beside a wait longer than those for a few failures with advice. */
export function throttledLogin(outcome: Throttled, form: FormData, advice: string): ActionState {
  const isLong = outcome.retryAfterSeconds > LOGIN_LIMITS.longestWaitSeconds;
  return throttled(outcome, form, isLong ? advice : "");
}

const TOO_MANY: Record<Throttled["of"], string> = {
  attempts: "Too many attempts.",
  emails: "You asked for several emails.",
  accounts: "Several accounts were registered from your network.",
  usernames: `You changed your username several times in ${USERNAME_RESERVED_DAYS} days.`,
};

/** Says of what there was too much and how long to wait, in the form and in the answer's `Retry-After`. */
export function throttled({ of, retryAfterSeconds }: Throttled, form: FormData, advice = ""): ActionState {
  markRetryAfter(retryAfterSeconds);
  const message = `${TOO_MANY[of]} ${waitSentence(retryAfterSeconds)}`;
  return { ...failed(advice === "" ? message : `${message} ${advice}`, form), retryAfterSeconds };
}

/**
 * Ends an action on another page, loaded as a new document: the person logged in may have changed, and no page of the
 * former one stays in the browser's memory.
 */
export function goTo(path: string): ActionState {
  return { status: "done", goTo: path };
}

/** Ends an action with a file to be saved; the page stays. */
export function download(path: string): ActionState {
  return { status: "done", goTo: path, isFile: true };
}
