import "server-only";
import { createHmac } from "node:crypto";
import { cookies } from "next/headers";
import { hasTokenShape } from "../platform/crypto/token";
import { answerOnce, findAnswer, type Repetition, type Twins } from "../security/sent-forms";
import { findLiveTokens } from "../security/sessions";
import type { ActionState } from "../shared/action-state";
import { PAGE_FIELDS } from "../shared/page-fields";
import { cookieNames } from "./cookies";
import { type SetCookie, setCookie, withCookies } from "./set-cookie";

/** A success, as it is kept for a second press. */
interface Success {
  state: ActionState;
  cookies: SetCookie[];
}

/**
 * Works on a form once when its button was pressed twice, as happens where no script runs: the browser shows the second
 * answer, which is then the first one's, cookies included. Twins come from one page in one browser and are equal in every
 * field: what they are known by is a secret that only this page has, with all that was typed, a password too. A form without
 * that secret is worked on as often as it comes.
 * @param action names the action: two buttons of one page may send the same fields
 * @param others what becomes of the others; the answer with a login is over when {@link isLoginCurrent} says so
 */
export async function answerTwins(
  action: string,
  form: FormData,
  work: () => Promise<ActionState>,
  others: Pick<Repetition<ActionState>, "again"> & { isLogin?: true } = {},
): Promise<ActionState> {
  const twins = twinsOf(action, form);
  if (twins === null) return work();
  return answerOnce<ActionState>(
    twins,
    async () => {
      const { result: state, cookies } = await withCookies(work);
      const success: Success | null = state.status === "done" ? { state, cookies } : null;
      return { result: state, kept: success && JSON.stringify(success) };
    },
    repeat,
    { again: others.again, ...(others.isLogin && { isOver }) },
  );
}

/**
 * The answer of a form that was sent before and is equal; null when there is none. For a form that cannot be worked on,
 * because the first one has ended the session that both came with.
 */
export async function findTwinsAnswer(action: string, form: FormData): Promise<ActionState | null> {
  const twins = twinsOf(action, form);
  const kept = twins && (await findAnswer(twins));
  return kept === null ? null : repeat(kept.text);
}

async function isOver(kept: string): Promise<boolean> {
  const { cookies } = JSON.parse(kept) as Success;
  return !(await isLoginCurrent(cookies));
}

async function repeat(kept: string): Promise<ActionState> {
  const { state, cookies: set } = JSON.parse(kept) as Success;
  const ofLogin = [cookieNames.session(), cookieNames.browser()];
  const isLoginOver = !(await isLoginCurrent(set));
  for (const [name, value, { expires, ...options }] of set)
    if (!isLoginOver || !ofLogin.includes(name))
      await setCookie(name, value, { ...options, ...(expires && { expires: new Date(expires) }) });
  return state;
}

/**
 * False when these cookies would give a browser a session that has ended since, or take a living one from it: somebody has
 * logged out there or in again.
 */
async function isLoginCurrent(set: SetCookie[]): Promise<boolean> {
  const name = cookieNames.session();
  const token = set.find(([other]) => other === name)?.[1];
  if (token === undefined) return true;
  const live = await findLiveTokens([token, (await cookies()).get(name)?.value ?? ""]);
  return live.every((other) => other === token) && (token === "" || live.length > 0);
}

/**
 * Null for a form that has no secret of a page. That secret alone is the key, 256 bits that this page has and no other, so
 * that instances with different AUTH_SECRETs know the same twins while it is changed.
 */
function twinsOf(action: string, form: FormData): Twins | null {
  const secret = form.get(PAGE_FIELDS.secret);
  if (typeof secret !== "string" || !hasTokenShape(secret)) return null;
  const fields = [...form].filter(([name]) => !name.startsWith("$ACTION")); // React's own
  if (fields.some(([, value]) => typeof value !== "string")) return null;
  const hash = (purpose: string) =>
    createHmac("sha256", secret).update(JSON.stringify([purpose, action, fields]));
  return { id: hash("latchkey form twins v2").digest("hex"), key: hash("latchkey form answers v2").digest() };
}
