import "server-only";
import { randomUUID } from "node:crypto";
import { seal, unseal } from "../platform/crypto/seal";
import { db, type Tx } from "../platform/db";
import { defer } from "../platform/defer";
import { env, features, type MailSettings } from "../platform/env";
import { logError, logEvent } from "../platform/log";
import type { Letter } from "./email";
import { isRefusal, SEND_TIMEOUT_MS, send } from "./transport";

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;

/** How long whoever took a letter has it to itself, in milliseconds: twice what sending it may take. */
const LEASE_MS = 2 * SEND_TIMEOUT_MS;

/** The first wait after a failure, in milliseconds. Each further one doubles it. */
const FIRST_RETRY_MS = 15 * SECOND_MS;

/** The longest wait, in milliseconds. */
const LONGEST_RETRY_MS = 15 * MINUTE_MS;

/** How often to look for letters that are due, in milliseconds. Most go out behind the answer that posted them. */
const LOOK_EVERY_MS = 5 * SECOND_MS;

/** Letters one process sends at a time: a rush of them shall not look like spam to the mail server. */
const AT_ONCE = 4;

/** A letter that nobody has sent for longer says that mail is delayed, in milliseconds. */
const DELAYED_AFTER_MS = MINUTE_MS;

/** A letter as the outbox has it. */
type Row = { id: string; sealed: string; createdAt: Date; attempts: number; expiresAt: Date };

/**
 * Puts a letter into the outbox, in the transaction of what it tells about: both are kept or neither. It goes out behind
 * the answer under way, so that no visitor waits for a mail server. Does nothing where no letter can be sent.
 */
export async function post({ expiresAt, ...content }: Letter, tx: Tx): Promise<void> {
  if (!features().mail) return;
  const id = randomUUID();
  const now = new Date();
  const sealed = seal(id, JSON.stringify(content));
  await tx.letter.create({
    data: { id, sealed, createdAt: now, dueAt: now, expiresAt },
    select: { id: true },
  });
  defer(deliverDue);
}

/** How many of these this process is at, and what looks for more. Next loads this module once for each of its bundles. */
const shared = globalThis as { latchkeyDelivery?: { atWork: number; timer?: NodeJS.Timeout } };
shared.latchkeyDelivery ??= { atWork: 0 };
const delivery = shared.latchkeyDelivery;

/**
 * Sends every letter that is due. Any number of processes may do this at once: each letter is taken by one of them, and
 * one that dies on the way leaves it to be taken again. It does not throw.
 */
export async function deliverDue(): Promise<void> {
  const { mail } = env();
  if (!mail || delivery.atWork >= AT_ONCE) return;
  delivery.atWork++;
  try {
    for (let row = await takeNext(); row; row = await takeNext()) await deliver(row, mail);
  } catch (error) {
    logError(error);
  } finally {
    delivery.atWork--;
  }
}

/** The letter that has been due longest, taken for {@link LEASE_MS}; null when none is. */
async function takeNext(): Promise<Row | null> {
  for (;;) {
    const now = Date.now();
    const row = await db.letter.findFirst({
      where: { dueAt: { lte: new Date(now) } },
      orderBy: { dueAt: "asc" },
      select: { id: true, sealed: true, createdAt: true, attempts: true, expiresAt: true },
    });
    if (!row) return null;
    const { count } = await db.letter.updateMany({
      where: { id: row.id, attempts: row.attempts }, // of several who found it, one takes it
      data: { attempts: row.attempts + 1, dueAt: new Date(now + LEASE_MS) },
    });
    if (count === 1) return { ...row, attempts: row.attempts + 1 };
  }
}

async function deliver(row: Row, mail: MailSettings): Promise<void> {
  const { id, attempts, expiresAt } = row;
  if (expiresAt.getTime() <= Date.now()) return giveUp(row, "too late");
  const letter = open(row);
  if (!letter) return giveUp(row, "unreadable: AUTH_SECRET has changed");
  try {
    await send(id, letter, mail);
  } catch (error) {
    if (isRefusal(error)) return giveUp(row, reasonOf(error));
    tellOf("mail-delayed", row, reasonOf(error));
    const waitMs = Math.min(FIRST_RETRY_MS * 2 ** (attempts - 1), LONGEST_RETRY_MS);
    const now = Date.now();
    await db.letter.updateMany({
      where: { id, attempts },
      data: { dueAt: new Date(now + waitMs), failedAt: new Date(now) },
    });
    return;
  }
  await db.letter.deleteMany({ where: { id } });
}

async function giveUp(row: Row, reason: string): Promise<void> {
  tellOf("mail-failed", row, reason);
  await db.letter.deleteMany({ where: { id: row.id } });
}

/** Leaves a line without the address: the log has none. */
function tellOf(event: "mail-delayed" | "mail-failed", { id, attempts }: Row, reason: string): void {
  logEvent(event, { requestId: null, userId: null, ip: null }, { letterId: id, attempts, reason });
}

/** nodemailer's code and the mail server's: its words may quote the address. */
function reasonOf(error: unknown): string {
  const { code, name, responseCode } = error as { code?: string; name?: string; responseCode?: number };
  return [code ?? name ?? "unknown", responseCode].filter(Boolean).join(" ");
}

function open({ id, sealed, expiresAt }: Pick<Row, "id" | "sealed" | "expiresAt">): Letter | null {
  try {
    return { ...(JSON.parse(unseal(id, sealed)) as Omit<Letter, "expiresAt">), expiresAt };
  } catch {
    return null;
  }
}

/** Delivers what is due now and every few seconds from now on. It keeps no process alive. */
export function startDelivery(): void {
  if (delivery.timer || !env().mail) return;
  delivery.timer = setInterval(() => void deliverDue(), LOOK_EVERY_MS).unref();
  void deliverDue();
}

let asking: Promise<boolean> | undefined;

/** True while a letter waits that could not be sent, or that nobody sends. However many ask at once, the database is asked once. */
export async function isMailDelayed(): Promise<boolean> {
  if (!env().mail) return false;
  const createdAt = { lt: new Date(Date.now() - DELAYED_AFTER_MS) };
  asking ??= db.letter
    .findFirst({ where: { OR: [{ failedAt: { not: null } }, { createdAt }] }, select: { id: true } })
    .then((letter) => letter !== null)
    .finally(() => {
      asking = undefined;
    });
  return asking;
}

/** Letters waiting, the latest first: what the development mailbox shows. */
export async function waitingLetters(): Promise<(Letter & { id: string; createdAt: Date })[]> {
  const rows = await db.letter.findMany({ orderBy: { createdAt: "desc" } });
  return rows.flatMap((row) => {
    const letter = open(row);
    return letter ? [{ ...letter, id: row.id, createdAt: row.createdAt }] : [];
  });
}

/** Forgets letters nobody wants any more and nobody sends: those of a mailbox page, or of a mail server no longer set. */
export async function purgeLetters(now = Date.now()): Promise<void> {
  if (!env().mail) await db.letter.deleteMany({ where: { expiresAt: { lt: new Date(now) } } });
}
