import "server-only";
import { setTimeout as delay } from "node:timers/promises";
import { seal, unseal } from "../platform/crypto/seal";
import { db } from "../platform/db";
import { isDatabaseUnavailable, isUniqueViolation } from "../platform/db/errors";
import { atOnce, inBatches, type Pace } from "../platform/db/in-batches";
import { logError } from "../platform/log";
import { MINUTE_MS } from "../shared/units";

/**
 * How long a form may be worked on, and how long after that an equal one gets the same answer, in milliseconds. A second
 * press waits as long as the first does: a hash may have to queue.
 */
export const SENT_FORM_MS = MINUTE_MS;

/**
 * How long a form stays claimed without a word from the process that works on it, and how often that says one, in
 * milliseconds: of one that was killed the next press is told soon. The clocks of instances may differ by some seconds.
 */
export const LEASE_MS = { held: 8_000, renewed: 2_000 } as const;

/** How long an answer stays that is told to those who wait already, in milliseconds: they look for it more often than that. */
const TOLD_MS = 5_000;

/** In place of an answer, once somebody waits for it. */
const AWAITED = "awaited";

/** The first and the longest pause between two looks for it, in milliseconds. */
const PAUSE_MS = { first: 25, longest: 800 } as const;

/** What equal forms have in common, and no others. */
export interface Twins {
  id: string;
  /** 32 bytes that seal the answer, and that nobody can make who has not the form: not from the database and AUTH_SECRET. */
  key: Buffer;
}

/** What came of a form. */
interface Answered<T> {
  result: T;
  /** What equal forms are told of it; null: each is worked on for itself. */
  kept: {
    text: string;
    /** True: whenever they come within {@link SENT_FORM_MS}. False: those that came before it was answered. */
    isLasting: boolean;
  } | null;
}

/**
 * Works on a form once, however often it is sent: of several equal ones, at once or within a minute and through any
 * instance, the first is worked on, and what it was answered is told to the others. Where the first failed, one of the
 * others takes its place.
 * @param tell answers another one by what was kept of the first. `hasWaited`: it came before the first was answered. Null:
 *   that holds no more, and one of the others is worked on as if it were the first
 */
export async function answerOnce<T>(
  twins: Twins,
  work: () => Promise<Answered<T>>,
  tell: (kept: string, hasWaited: boolean) => Promise<T | null>,
): Promise<T> {
  for (;;) {
    const claimed = await claim(twins.id);
    if (claimed === "unavailable") return (await work()).result;
    if (claimed !== "taken") return workOn(twins, claimed, work);
    const kept = await findAnswer(twins);
    if (kept === null) continue;
    const told = await tell(kept.text, kept.hasWaited);
    if (told !== null) return told;
    await db.sentForm.updateMany({
      where: { id: twins.id, answer: kept.sealed },
      data: { expiresAt: new Date(0) },
    });
  }
}

async function workOn<T>(twins: Twins, until: Date, work: () => Promise<Answered<T>>): Promise<T> {
  const lease = new Lease(twins.id, until);
  const { result, kept } = await work().catch(async (error: unknown) => {
    await lease.release();
    throw error;
  });
  if (kept === null) await lease.release();
  else await lease.keep(seal(twins.id, kept.text, twins.key), kept.isLasting);
  return result;
}

/**
 * The end of the lease on a form that nobody works on: a new one, one whose answer is told no more, or one whose process
 * died. "unavailable" while the database is away or only reads: the form's own work tells that, or what is wrong at a field.
 */
async function claim(id: string): Promise<Date | "taken" | "unavailable"> {
  const [now, until] = [new Date(), leaseEnd()];
  try {
    const { count } = await db.sentForm.updateMany({
      where: { id, expiresAt: { lte: now } },
      data: { answer: null, expiresAt: until },
    });
    if (count === 0) await db.sentForm.create({ data: { id, expiresAt: until } });
    return until;
  } catch (error) {
    if (isUniqueViolation(error)) return "taken";
    if (isDatabaseUnavailable(error)) return "unavailable";
    throw error;
  }
}

/** A claimed form, for as long as one process works on it. Its end tells it from the lease of another that took over. */
class Lease {
  private readonly timer: NodeJS.Timeout;
  private readonly end = Date.now() + SENT_FORM_MS;
  private renewing: Promise<void> = Promise.resolve();

  constructor(
    private readonly id: string,
    private until: Date,
  ) {
    this.timer = setInterval(() => {
      if (Date.now() > this.end) clearInterval(this.timer);
      else this.renewing = this.renewing.then(() => this.renew()).catch(logError);
    }, LEASE_MS.renewed).unref();
  }

  /** The form has been answered already, so a failure here is none of its. */
  async keep(answer: string, isLasting: boolean): Promise<void> {
    await this.stop();
    await (isLasting ? this.write(answer, SENT_FORM_MS) : this.tellWaiting(answer)).catch(logError);
  }

  async release(): Promise<void> {
    await this.stop();
    await db.sentForm.deleteMany({ where: this.mine() }).catch(logError);
  }

  /** Most often nobody waits, and nothing stays. Else it goes by itself: refused forms come in any number, and may be long. */
  private async tellWaiting(answer: string): Promise<void> {
    const { count } = await db.sentForm.deleteMany({ where: { ...this.mine(), answer: null } });
    if (count > 0) return;
    await this.write(answer, TOLD_MS);
    const forget = () => db.sentForm.deleteMany({ where: { id: this.id, answer } }).catch(logError);
    setTimeout(forget, TOLD_MS).unref();
  }

  private async write(answer: string, ms: number): Promise<void> {
    const expiresAt = new Date(Date.now() + ms);
    await db.sentForm.updateMany({ where: this.mine(), data: { answer, expiresAt } });
  }

  private async renew(): Promise<void> {
    const until = leaseEnd();
    const { count } = await db.sentForm.updateMany({ where: this.mine(), data: { expiresAt: until } });
    if (count > 0) this.until = until;
  }

  private async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.renewing;
  }

  /** What its row is found by. */
  private mine() {
    return { id: this.id, expiresAt: this.until };
  }
}

function leaseEnd(): Date {
  return new Date(Date.now() + LEASE_MS.held);
}

/** An answer as it is told, and as the database has it. */
interface Kept {
  text: string;
  sealed: string;
  /** True where it was told to somebody who came before it was there. */
  hasWaited: boolean;
}

/**
 * What an equal form was answered, once it is; null when none was there, or it failed, was answered too long ago, or its
 * process is gone.
 */
export async function findAnswer({ id, key }: Twins): Promise<Kept | null> {
  let hasWaited = false;
  for (let pause: number = PAUSE_MS.first; ; pause = Math.min(2 * pause, PAUSE_MS.longest)) {
    const first = await db.sentForm.findUnique({ where: { id } });
    if (!first || first.expiresAt.getTime() <= Date.now()) return null;
    if (first.answer !== null && first.answer !== AWAITED)
      return { text: unseal(id, first.answer, [key]), sealed: first.answer, hasWaited };
    if (first.answer === null)
      await db.sentForm.updateMany({ where: { id, answer: null }, data: { answer: AWAITED } });
    hasWaited = true;
    await delay(pause);
  }
}

/** Deletes what is told no more. Answers how many. */
export function purgeSentForms(now = Date.now(), pace: Pace = atOnce): Promise<number> {
  const where = { expiresAt: { lt: new Date(now) } };
  return inBatches((limit) => db.sentForm.deleteMany({ where, limit }), pace);
}
