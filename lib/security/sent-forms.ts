import "server-only";
import { setTimeout as delay } from "node:timers/promises";
import { seal, unseal } from "../platform/crypto/seal";
import { db } from "../platform/db";
import { isDatabaseUnavailable, isUniqueViolation } from "../platform/db/errors";
import { logError } from "../platform/log";
import { MINUTE_MS } from "../shared/units";

/**
 * How long a form may be worked on, and how long after that an equal one gets the same answer, in milliseconds. A second
 * press waits as long as the first does: a hash may have to queue.
 */
export const SENT_FORM_MS = MINUTE_MS;

/** The first and the longest pause between two looks for it, in milliseconds. */
const PAUSE_MS = { first: 25, longest: 800 } as const;

/** What equal forms have in common, and no others. */
export interface Twins {
  id: string;
  /** 32 bytes that seal the answer, and that nobody can make who has not the form: not from the database and AUTH_SECRET. */
  key: Buffer;
}

/** What came of a form. `kept`: what an equal form is told within {@link SENT_FORM_MS}; null: it is worked on for itself. */
interface Answered<T> {
  result: T;
  kept: string | null;
}

/**
 * Works on a form once, however often it is sent: of several equal ones, at once or within a minute and through any
 * instance, the first is worked on, and what it was answered is repeated to the others. Where the first came to nothing,
 * each of the others is worked on as if it were alone.
 */
export async function answerOnce<T>(
  { id, key }: Twins,
  work: () => Promise<Answered<T>>,
  repeat: (kept: string) => Promise<T>,
): Promise<T> {
  const isFirst = await claim(id);
  if (isFirst === null) return (await work()).result;
  if (!isFirst) {
    const kept = await findAnswer({ id, key });
    return kept === null ? (await work()).result : repeat(kept);
  }
  const answered = await work().catch(async (error: unknown) => {
    await release(id);
    throw error;
  });
  if (answered.kept === null) await release(id);
  else await keep({ id, key }, answered.kept);
  return answered.result;
}

/**
 * False when an equal form was there first. Null while the database is away or only reads: the form's own work tells that,
 * or what is wrong at a field.
 */
async function claim(id: string): Promise<boolean | null> {
  try {
    await db.sentForm.create({ data: { id, expiresAt: untilWhen() } });
    return true;
  } catch (error) {
    if (isUniqueViolation(error)) return false;
    if (isDatabaseUnavailable(error)) return null;
    throw error;
  }
}

/**
 * What an equal form was answered, once it is; null when none was there, or it came to nothing, was answered too long ago, or
 * was begun too long ago.
 */
export async function findAnswer({ id, key }: Twins): Promise<string | null> {
  for (let pause: number = PAUSE_MS.first; ; pause = Math.min(2 * pause, PAUSE_MS.longest)) {
    const first = await db.sentForm.findUnique({ where: { id } });
    if (!first || first.expiresAt.getTime() <= Date.now()) return null;
    if (first.answer !== null) return unseal(id, first.answer, [key]);
    await delay(pause);
  }
}

/** The form has been answered already, so a failure here is none of its. */
async function keep({ id, key }: Twins, kept: string): Promise<void> {
  const answer = seal(id, kept, key);
  await db.sentForm.updateMany({ where: { id }, data: { answer, expiresAt: untilWhen() } }).catch(logError);
}

async function release(id: string): Promise<void> {
  await db.sentForm.deleteMany({ where: { id } }).catch(logError);
}

function untilWhen(): Date {
  return new Date(Date.now() + SENT_FORM_MS);
}

/** Deletes what is told no more. */
export async function purgeSentForms(now = Date.now()): Promise<void> {
  await db.sentForm.deleteMany({ where: { expiresAt: { lt: new Date(now) } } });
}
