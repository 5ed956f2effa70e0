import "server-only";
import { headers } from "next/headers";
import { redirect } from "next/navigation";
import { replyHasForm, replyRetryAfter } from "../platform/request-context";
import { type ActionState, failed } from "../shared/action-state";
import { noteUnavailable } from "./failures";
import { ACTION_HEADER } from "./internal-headers";

/**
 * The fields of a form as they arrived, the last one of several with one name. Every action begins with this: what a
 * client puts in the form's place can be anything Next has a notation for, and is refused as malformed.
 * @throws TypeError for what is no form
 */
export function readForm(form: FormData): Record<string, FormDataEntryValue> {
  if (!(form instanceof FormData)) throw new TypeError("an action was called without a form");
  replyHasForm();
  return Object.fromEntries(form);
}

/**
 * True while a page is drawn again behind its own form's answer: what the form has just done may be what the page would
 * turn somebody away for.
 */
export async function isAnsweringForm(): Promise<boolean> {
  return (await headers()).has(ACTION_HEADER);
}

/** Does an action's work; when the house cannot do it just now, the form says so and keeps what was typed. */
export async function attempt(form: FormData, work: () => Promise<ActionState>): Promise<ActionState> {
  try {
    return await work();
  } catch (error) {
    if (!noteUnavailable(error)) throw error;
    return failed("Latchkey cannot do that right now. Please try again in a moment.", form);
  }
}

/** Says in the form that the mailed link behind it opens nothing. */
export function linkSpent(form: FormData): ActionState {
  return failed("This link no longer works. It was used already, or it is too old.", form);
}

/** Says in the form how long to wait, and in the answer's head. */
export function throttled(retryAfterSeconds: number, form: FormData): ActionState {
  replyRetryAfter(retryAfterSeconds);
  return failed(`Too many attempts. Please try again in ${inWords(retryAfterSeconds)}.`, form);
}

function inWords(seconds: number): string {
  if (seconds <= 60) return seconds === 1 ? "a second" : `${seconds} seconds`;
  const minutes = Math.ceil(seconds / 60);
  if (minutes <= 90) return `${minutes} minutes`;
  return `${Math.ceil(minutes / 60)} hours`;
}

/**
 * Ends an action on another page, loaded as a new document: who is logged in may have changed, and no page of the
 * former identity stays in the browser's memory. Throws Next's redirect where no script runs.
 */
export async function goTo(path: string): Promise<ActionState> {
  if (await isAnsweringForm()) return { status: "done", goTo: path };
  redirect(path);
}
