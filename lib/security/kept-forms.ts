import "server-only";
import { createHmac } from "node:crypto";
import { seal, unseal } from "../platform/crypto/seal";
import { hashToken } from "../platform/crypto/token";
import { db } from "../platform/db";
import { atOnce, inBatches, type Pace } from "../platform/db/in-batches";
import type { TypedValues } from "../shared/action-state";
import { KEPT_FORM_S, KEPT_FORMS_MAX } from "../shared/limits";
import { SECOND_MS } from "../shared/units";

/** What was typed into a form whose person has to log in again first. */
export interface KeptForm {
  /** The path of its page, with the query. */
  page: string;
  /** Which form of the page: the name that it gives itself. */
  form: string;
  values: TypedValues;
}

/**
 * Keeps a form for the browser that has this token, for {@link KEPT_FORM_S}; of one page the newest, and of one browser
 * {@link KEPT_FORMS_MAX}. What was typed is encrypted with a key from the token, which is nowhere but in that browser.
 * @param reader for whom its page was made
 */
export async function keepForm(token: string, reader: string, kept: KeptForm): Promise<void> {
  const id = idOf(token, kept.page);
  const readerHash = hashWith(token, "reader", reader);
  const sealed = seal(sealedFor({ ...id, readerHash }), JSON.stringify(kept), keyOf(token));
  const expiresAt = new Date(Date.now() + KEPT_FORM_S * SECOND_MS);
  await db.keptForm.upsert({
    where: { browserHash_pageHash: id },
    create: { ...id, readerHash, sealed, expiresAt },
    update: { readerHash, sealed, expiresAt },
  });
  await makeRoomFor(id);
}

/** What was typed on a page, once: of two that ask at once, one gets it. Null where nothing is kept for this reader. */
export async function takeKeptForm(
  token: string,
  page: string,
  readers: readonly string[],
): Promise<KeptForm | null> {
  const id = idOf(token, page);
  const isTheirs = { readerHash: { in: readers.map((reader) => hashWith(token, "reader", reader)) } };
  const row = await db.keptForm.findFirst({ where: { ...id, ...isTheirs, expiresAt: { gt: new Date() } } });
  if (!row) return null;
  const kept = JSON.parse(unseal(sealedFor(row), row.sealed, [keyOf(token)])) as KeptForm;
  const { count } = await db.keptForm.deleteMany({ where: { ...id, sealed: row.sealed } });
  return count === 1 ? kept : null;
}

/**
 * Deletes what is kept for this browser and for other people than the one who has logged in there. It reads nothing of what
 * was typed: each page that is shown does this.
 * @returns how many forms are left
 */
export async function dropFormsOfOthers(token: string, readers: readonly string[]): Promise<number> {
  const browserHash = hashToken(token);
  const rows = await db.keptForm.findMany({
    where: { browserHash, expiresAt: { gt: new Date() } },
    select: { pageHash: true, readerHash: true },
  });
  const theirs = readers.map((reader) => hashWith(token, "reader", reader));
  const others = rows.filter(({ readerHash }) => !theirs.includes(readerHash));
  const pageHash = { in: others.map((row) => row.pageHash) };
  if (others.length > 0)
    await db.keptForm.deleteMany({ where: { browserHash, pageHash, readerHash: { notIn: theirs } } });
  return rows.length - others.length;
}

/** Deletes the oldest of a browser above its number, and never the one that was just kept. */
async function makeRoomFor({ browserHash, pageHash }: RowId): Promise<void> {
  const above = await db.keptForm.findMany({
    where: { browserHash, pageHash: { not: pageHash } },
    orderBy: [{ expiresAt: "desc" }, { pageHash: "asc" }],
    skip: KEPT_FORMS_MAX - 1,
    select: { pageHash: true },
  });
  if (above.length === 0) return;
  await db.keptForm.deleteMany({
    where: { browserHash, pageHash: { in: above.map((row) => row.pageHash) } },
  });
}

/** True where a form is kept for the browser that has this token. */
export async function isAnyFormKept(token: string): Promise<boolean> {
  const where = { browserHash: hashToken(token), expiresAt: { gt: new Date() } };
  return (await db.keptForm.count({ where, take: 1 })) > 0;
}

/** Deletes what is kept no longer. */
export function purgeKeptForms(now = Date.now(), pace: Pace = atOnce): Promise<number> {
  const where = { expiresAt: { lt: new Date(now) } };
  return inBatches((limit) => db.keptForm.deleteMany({ where, limit }), pace);
}

interface RowId {
  browserHash: string;
  pageHash: string;
}

/** Where the form of a page is kept for a browser. */
function idOf(token: string, page: string): RowId {
  return { browserHash: hashToken(token), pageHash: hashWith(token, "page", page) };
}

/** A hash that nobody makes who has not the token. */
function hashWith(token: string, what: "page" | "reader", text: string): string {
  return createHmac("sha256", token).update(`latchkey kept ${what} v1\n${text}`).digest("hex");
}

function keyOf(token: string): Buffer {
  return createHmac("sha256", token).update("latchkey kept form v1").digest();
}

function sealedFor({ browserHash, pageHash, readerHash }: RowId & { readerHash: string }): string {
  return `${browserHash} ${pageHash} ${readerHash}`;
}
