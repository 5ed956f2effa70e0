import "server-only";
import { type Background, wakeElsewhere } from "../platform/background";
import { db } from "../platform/db";
import { env, type MailSettings } from "../platform/env";
import { logAvailable, logError, logEvent, logUnavailable } from "../platform/log";
import { failureOf, noteFailure } from "../platform/outages";
import { CODE_TTL_MS } from "../shared/links";
import { MINUTE_MS, SECOND_MS } from "../shared/units";
import { explainMail, reasonOf } from "./explain";
import { openEmail } from "./sealed-email";
import { isDeferral, isRefusal, SEND_TIMEOUT_MS, send } from "./transport";

/** How long a claimed email belongs to one process, in milliseconds: twice what sending it may take. */
const LEASE_MS = 2 * SEND_TIMEOUT_MS;

/** The first wait after a failure, in milliseconds. Each further one doubles it. */
const FIRST_RETRY_MS = 15 * SECOND_MS;

/** The longest wait, in milliseconds. */
const LONGEST_RETRY_MS = 15 * MINUTE_MS;

/** How often to look for emails that are due, in milliseconds. Most go out right after the answer that enqueued them. */
const LOOK_EVERY_MS = 5 * SECOND_MS;

/** The longest wait of an email that this process cannot open, in milliseconds: looking again costs no mail server anything. */
const LONGEST_LEFT_MS = MINUTE_MS;

/** How often such an email is told in the log, in milliseconds: after a wrong secret there may be thousands. */
const LEFT_TOLD_EVERY_MS = MINUTE_MS;

/**
 * Emails one process sends at a time, and of several on a machine one sends: many at once would
 * look like spam to the mail server.
 */
const AT_ONCE = 4;

/** An email that is due and has waited longer says that mail is delayed, in milliseconds. */
const DELAYED_AFTER_MS = MINUTE_MS;

/** An email as the outbox has it. */
type Row = {
  id: string;
  sealed: string;
  createdAt: Date;
  attempts: number;
  expiresAt: Date;
  linkTokenId: string | null;
};

/**
 * What this process is sending, when it last told of an email that it cannot open, and the timer that looks for more. One for
 * all of Next's bundles.
 */
interface Delivery {
  sending: Set<Promise<void>>;
  leftAt: number;
  timer?: NodeJS.Timeout;
  /** True once another process delivers: what is being sent is finished, and no more is begun. */
  isLeft: boolean;
}

const shared = globalThis as { latchkeyDelivery?: Delivery };
shared.latchkeyDelivery ??= { sending: new Set(), leftAt: Number.NEGATIVE_INFINITY, isLeft: false };
const delivery = shared.latchkeyDelivery;

/** Sends what is due, here or in the process of this machine that does. */
export async function deliverSoon(): Promise<void> {
  if (!wakeElsewhere()) await deliverDue();
}

/**
 * Sends every email that is due. Any number of processes may do this at once: each email is claimed by one of them, and
 * when that one dies another claims it later. It does not throw.
 */
export async function deliverDue(): Promise<void> {
  const { mail } = env();
  if (!mail || delivery.sending.size >= AT_ONCE) return;
  const sending = deliverAll(mail);
  delivery.sending.add(sending);
  await sending;
  delivery.sending.delete(sending);
}

async function deliverAll(mail: MailSettings): Promise<void> {
  try {
    for (let row = await claimNext(); row; row = await claimNext()) {
      await deliver(row, mail);
      if (delivery.isLeft) return;
    }
  } catch (error) {
    const failure = failureOf(error);
    if (failure) logUnavailable(failure, {}, true);
    else logError(error);
  }
}

/**
 * The email that has been due longest, of those that somebody waits for if there is one, claimed
 * for {@link LEASE_MS}; null when none is due.
 */
async function claimNext(): Promise<Row | null> {
  for (;;) {
    const now = Date.now();
    const row = (await findDue(true, now)) ?? (await findDue(false, now));
    if (!row) return null;
    const { count } = await db.outboxEmail.updateMany({
      // Of several that found it, one claims it; none where it has been written anew since, which leaves attempts as they are.
      where: { id: row.id, attempts: row.attempts, sealed: row.sealed, dueAt: { lte: new Date(now) } },
      data: { attempts: row.attempts + 1, dueAt: new Date(now + LEASE_MS) },
    });
    if (count === 1) return { ...row, attempts: row.attempts + 1 };
  }
}

/** One question for each kind: the index answers it from where it begins, however many emails wait for later. */
function findDue(isAwaited: boolean, now: number): Promise<Row | null> {
  return db.outboxEmail.findFirst({
    where: { isAwaited, dueAt: { lte: new Date(now) } },
    orderBy: { dueAt: "asc" },
    select: { id: true, sealed: true, createdAt: true, attempts: true, expiresAt: true, linkTokenId: true },
  });
}

async function deliver(row: Row, mail: MailSettings): Promise<void> {
  const { id, attempts, expiresAt, linkTokenId } = row;
  if (expiresAt.getTime() <= Date.now()) return giveUp(row, "too late");
  const email = openEmail(row);
  if (!email) return leave(row);
  try {
    if (linkTokenId !== null) await beginCode(linkTokenId, SEND_TIMEOUT_MS);
    await send(id, email, mail);
    if (linkTokenId !== null) await beginCode(linkTokenId);
  } catch (error) {
    if (failureOf(error)) throw error; // of the database: the mail server is not to blame
    if (isRefusal(error)) return giveUp(row, reasonOf(error));
    logDelay(error, row, mail);
    const waitMs = Math.min(FIRST_RETRY_MS * 2 ** (attempts - 1), LONGEST_RETRY_MS);
    const now = Date.now();
    await db.outboxEmail.updateMany({
      where: { id, attempts },
      data: { dueAt: new Date(now + waitMs), failedAt: isDeferral(error) ? null : new Date(now) },
    });
    return;
  }
  logAvailable("mail server");
  await drop(row);
}

/**
 * One address that the server takes later has a line each time; a server that fails has some a
 * minute, however many emails wait.
 */
function logDelay(error: unknown, row: Row, mail: MailSettings): void {
  const isOneAddress = isDeferral(error);
  const line = isOneAddress ? {} : noteFailure("mail server");
  const reason = isOneAddress ? reasonOf(error) : explainMail(error, mail.smtpUrl);
  if (line) logMail("mail-delayed", row, reason, line);
}

/**
 * Leaves an email that was sealed with another secret to an instance that has it, or to this one once AUTH_SECRET_PREVIOUS
 * names it: nothing is lost by a key before it is too late anyway.
 */
async function leave(row: Row): Promise<void> {
  const now = Date.now();
  if (now - delivery.leftAt >= LEFT_TOLD_EVERY_MS) {
    delivery.leftAt = now;
    logMail("mail-delayed", row, "sealed with another AUTH_SECRET: name that in AUTH_SECRET_PREVIOUS");
  }
  const waitMs = Math.min(FIRST_RETRY_MS * 2 ** (row.attempts - 1), LONGEST_LEFT_MS);
  await db.outboxEmail.updateMany({
    where: { id: row.id, attempts: row.attempts },
    data: { dueAt: new Date(now + waitMs), failedAt: new Date(now) },
  });
}

/**
 * Lets a code that is still the newest work from now on: an email that has waited for a slow mail server leaves with all of
 * its time.
 * @param sendingMs what sending may take on top of it, in milliseconds: the email may be there before we know
 */
async function beginCode(linkTokenId: string, sendingMs = 0): Promise<void> {
  await db.linkToken.updateMany({
    where: { id: linkTokenId, codeHash: { not: null } },
    data: { codeExpiresAt: new Date(Date.now() + CODE_TTL_MS + sendingMs) },
  });
}

async function giveUp(row: Row, reason: string): Promise<void> {
  if (await drop(row)) logMail("mail-failed", row, reason);
}

/** False where it was given another address meanwhile, where it goes too, or was taken back. */
async function drop({ id, sealed }: Row): Promise<boolean> {
  const { count } = await db.outboxEmail.deleteMany({ where: { id, sealed } });
  return count === 1;
}

/** Logs a line without the address: the log has none. */
function logMail(
  event: "mail-delayed" | "mail-failed",
  { id, attempts }: Row,
  reason: string,
  more: object = {},
): void {
  logEvent(event, { requestId: null, userId: null, ip: null }, { emailId: id, attempts, reason, ...more });
}

/** Delivers what is due now and every few seconds from now on. It keeps no process alive. */
function startDelivery(): void {
  if (delivery.timer || !env().mail) return;
  delivery.isLeft = false;
  delivery.timer = setInterval(() => void deliverDue(), LOOK_EVERY_MS).unref();
  void deliverDue();
}

async function stopDelivery(): Promise<void> {
  clearInterval(delivery.timer);
  delivery.timer = undefined;
  delivery.isLeft = true;
  await Promise.all(delivery.sending);
}

/** {@link startDelivery}, in one process of a machine at a time. */
export const DELIVERY: Background = { start: startDelivery, stop: stopDelivery, wake: deliverDue };

let asking: Promise<boolean> | undefined;

/**
 * True while an email waits for a mail server that is out of reach, or nobody has taken one up that is due. One that the
 * mail server takes later, for its address's sake, says nothing about all others. However many ask at once, one query is
 * made.
 */
export async function isMailDelayed(): Promise<boolean> {
  if (!env().mail) return false;
  const dueAt = { lt: new Date(Date.now() - DELAYED_AFTER_MS) };
  asking ??= db.outboxEmail
    .findFirst({ where: { OR: [{ failedAt: { gt: new Date(0) } }, { dueAt }] }, select: { id: true } })
    .then((email) => email !== null)
    .finally(() => {
      asking = undefined;
    });
  return asking;
}
