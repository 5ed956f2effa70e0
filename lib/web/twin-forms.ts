import "server-only";
import { createHmac } from "node:crypto";
import { cookies } from "next/headers";
import { hashToken, hasTokenShape } from "../platform/crypto/token";
import { answerOnce, findAnswer, type Twins } from "../security/sent-forms";
import { findLiveTokens } from "../security/sessions";
import type { ActionState } from "../shared/action-state";
import { PAGE_FIELDS } from "../shared/page-fields";
import { markRetryAfter } from "./answer";
import { cookieNames } from "./cookies";
import { type SetCookie, setCookie, withCookies } from "./set-cookie";

/** An answer, as it is kept for a second press. */
interface Kept {
  state: ActionState;
  cookies: SetCookie[];
  /** A cookie that the browser has shown, by its name and the SHA-256 of its value: the answer is for that browser. */
  shown?: { name: string; hash: string };
}

/** What becomes of the others once the first is done; by itself its answer is repeated to each. */
interface Others {
  /** Does again what can be done again. Null: nothing was left to do, and the answer is repeated. */
  again?: () => Promise<ActionState | null>;
  /** The name of the cookie without which nobody gets the answer, unless they have the session that came of it. */
  boundBy?: string;
}

/** A refusal of more characters is told to nobody else: it has all that was typed. */
const REFUSAL_MAX_LENGTH = 16 * 1024;

/**
 * Works on a form once when its button was pressed twice, as happens where no script runs: the browser shows the second
 * answer, which is then the first one's, cookies included. Twins come from one page in one browser and are equal in every
 * field: what they are known by is a secret that only this page has, with all that was typed, a password too. A form without
 * that secret is worked on as often as it comes.
 *
 * What was refused is told to the twin that came meanwhile, so that a wrong password counts once; a later one is worked on.
 * A refusal that gives the browser another session, because it came after a proof, is told as long as the browser has it not.
 * @param action names the action: two buttons of one page may send the same fields
 */
export async function answerTwins(
  action: string,
  form: FormData,
  work: () => Promise<ActionState>,
  { again = async () => null, boundBy }: Others = {},
): Promise<ActionState> {
  const twins = twinsOf(action, form);
  if (twins === null) return work();
  const shown = boundBy === undefined ? {} : { shown: { name: boundBy, hash: await hashOfCookie(boundBy) } };
  return answerOnce<ActionState>(
    twins,
    async () => {
      const { result, cookies } = await withCookies(work);
      return { result, kept: keptOf({ state: result, cookies, ...shown }) };
    },
    async (text, hasWaited) => {
      const kept = JSON.parse(text) as Kept;
      if (!(await isForThisBrowser(kept))) return null;
      if (isRefusal(kept)) return hasWaited || (await bringsSession(kept)) ? repeat(kept) : null;
      return (await again()) ?? repeat(kept);
    },
  );
}

/**
 * The answer of a form that was sent before and is equal; null when there is none. For a form that cannot be worked on,
 * because the first one has ended the session that both came with.
 */
export async function findTwinsAnswer(action: string, form: FormData): Promise<ActionState | null> {
  const twins = twinsOf(action, form);
  const answer = twins && (await findAnswer(twins));
  if (answer === null) return null;
  const kept = JSON.parse(answer.text) as Kept;
  if (!(await isForThisBrowser(kept))) return null;
  return !isRefusal(kept) || answer.hasWaited || (await bringsSession(kept)) ? repeat(kept) : null;
}

function keptOf(kept: Kept): { text: string; isLasting: boolean } | null {
  const text = JSON.stringify(kept);
  const isLasting = !isRefusal(kept) || Boolean(sessionIn(kept.cookies));
  return isLasting || text.length <= REFUSAL_MAX_LENGTH ? { text, isLasting } : null;
}

async function isForThisBrowser({ shown, cookies: set }: Kept): Promise<boolean> {
  if (!shown || shown.hash === (await hashOfCookie(shown.name))) return true;
  const own = (await cookies()).get(cookieNames.session())?.value;
  return own !== undefined && own === sessionIn(set);
}

async function hashOfCookie(name: string): Promise<string> {
  return hashToken((await cookies()).get(name)?.value ?? "");
}

function isRefusal({ state }: Kept): boolean {
  return state.status !== "done";
}

async function repeat({ state, cookies: set }: Kept): Promise<ActionState> {
  const ofLogin = [cookieNames.session(), cookieNames.browser()];
  const isLoginOver = !(await isLoginCurrent(set));
  for (const [name, value, { expires, ...options }] of set)
    if (!isLoginOver || !ofLogin.includes(name))
      await setCookie(name, value, { ...options, ...(expires && { expires: new Date(expires) }) });
  if (state.status === "failed" && state.retryAfterSeconds !== undefined)
    markRetryAfter(state.retryAfterSeconds);
  return state;
}

/** True where an answer gives this browser a session that lives, and that it has not yet. */
async function bringsSession({ cookies: set }: Kept): Promise<boolean> {
  const token = sessionIn(set);
  const own = (await cookies()).get(cookieNames.session())?.value;
  return Boolean(token) && token !== own && (await isLoginCurrent(set));
}

/** The token of the session that these cookies give a browser, "" where they take it; undefined where they do neither. */
function sessionIn(set: SetCookie[]): string | undefined {
  const name = cookieNames.session();
  return set.findLast(([other]) => other === name)?.[1];
}

/**
 * False when these cookies would give a browser a session that has ended since, or take a living one from it: somebody has
 * logged out there or in again.
 */
async function isLoginCurrent(set: SetCookie[]): Promise<boolean> {
  const token = sessionIn(set);
  if (token === undefined) return true;
  const own = (await cookies()).get(cookieNames.session())?.value ?? "";
  const live = await findLiveTokens([token, own]);
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
