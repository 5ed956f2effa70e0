import "server-only";
import { randomUUID } from "node:crypto";
import { db, type Tx } from "../platform/db";
import { atOnce, inBatches, type Pace } from "../platform/db/in-batches";
import { defer } from "../platform/defer";
import { env, features } from "../platform/env";
import { deliverSoon } from "./delivery";
import type { Email } from "./email";
import { recipientHashes } from "./recipient";
import { openEmail, sealEmail } from "./sealed-email";

interface EnqueueOptions {
  /** False when nobody waits for it: those that somebody waits for leave first. */
  isAwaited?: boolean;
  /** When it leaves, if not at once. */
  dueAt?: Date;
  /** When what it tells of began, if not now. */
  createdAt?: Date;
}

/**
 * Puts an email into the outbox, in the transaction of what it tells about: both are kept or neither. It goes out after
 * the answer under way, so that no visitor waits for a mail server. Does nothing where no email can be sent.
 * @returns its id; null where no email can be sent
 */
export async function enqueueEmail(
  email: Email,
  tx: Tx,
  { isAwaited = true, dueAt = new Date(), createdAt = new Date() }: EnqueueOptions = {},
): Promise<string | null> {
  if (!features().mail) return null;
  const id = randomUUID();
  await tx.outboxEmail.create({
    data: { id, ...columnsOf(id, email), createdAt, dueAt, isAwaited },
    select: { id: true },
  });
  defer(deliverSoon);
  return id;
}

function columnsOf(id: string, { expiresAt, linkTokenId, ...content }: Email) {
  const [recipientHash] = recipientHashes(content.to);
  return { sealed: sealEmail(id, content), recipientHash, linkTokenId, expiresAt };
}

/** An email that waits for its time; null when there is none, it is leaving, or it was sealed with another secret. */
export async function findWaitingEmail(id: string, tx: Tx): Promise<(Email & { createdAt: Date }) | null> {
  const row = await tx.outboxEmail.findUnique({
    where: { id, attempts: 0 },
    select: { id: true, sealed: true, expiresAt: true, createdAt: true },
  });
  const email = row && openEmail(row);
  return email && { ...email, createdAt: row.createdAt };
}

/** Writes an email anew that waits for its time. False when there is none, or it is leaving. */
export async function rewriteEmail(id: string, email: Email, tx: Tx): Promise<boolean> {
  const where = { id, attempts: 0 };
  const { count } = await tx.outboxEmail.updateMany({ where, data: columnsOf(id, email) });
  return count === 1;
}

/**
 * Writes an email anew that has not left, also one that a mail server is to be offered again: what it tells of counts from now. One
 * that is leaving at this moment leaves as it was too, so its next address must not find a secret in it that the former one has.
 * Nothing is done where it was sealed with another secret.
 * @param write null: it stays as it is
 */
export async function readdressEmail(
  id: string,
  write: (email: Email) => Promise<Email | null>,
  tx: Tx,
): Promise<void> {
  const row = await tx.outboxEmail.findUnique({
    where: { id },
    select: { id: true, sealed: true, expiresAt: true },
  });
  const email = row && openEmail(row);
  const next = email && (await write(email));
  if (!next) return;
  const data = { ...columnsOf(id, next), createdAt: new Date() };
  await tx.outboxEmail.updateMany({ where: { id, sealed: row.sealed }, data });
}

/** Takes an email back that has not left: also one that a mail server is to be offered again. */
export async function withdrawEmail(id: string, tx: Tx): Promise<void> {
  await tx.outboxEmail.deleteMany({ where: { id } });
}

/** Emails waiting, the latest first: what the development mailbox shows. */
export async function waitingEmails(): Promise<(Email & { id: string; createdAt: Date })[]> {
  const rows = await db.outboxEmail.findMany({ orderBy: { createdAt: "desc" } });
  return rows.flatMap((row) => {
    const email = openEmail(row);
    return email ? [{ ...email, id: row.id, createdAt: row.createdAt }] : [];
  });
}

/** Deletes expired emails where no mail server is set, so that nothing sends them: those of the development mailbox. */
export async function purgeOutbox(now = Date.now(), pace: Pace = atOnce): Promise<number> {
  if (env().mail) return 0;
  const where = { expiresAt: { lt: new Date(now) } };
  return inBatches((limit) => db.outboxEmail.deleteMany({ where, limit }), pace);
}
