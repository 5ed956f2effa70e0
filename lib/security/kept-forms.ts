import "server-only";
import { createHmac } from "node:crypto";
import { seal, unseal } from "../platform/crypto/seal";
import { hashToken } from "../platform/crypto/token";
import { db } from "../platform/db";
import { atOnce, inBatches, type Pace } from "../platform/db/in-batches";
import type { TypedValues } from "../shared/action-state";
import { KEPT_FORM_S } from "../shared/limits";
import { SECOND_MS } from "../shared/units";

/** What was typed into a form whose person has to log in again first. */
export interface KeptForm {
  /** The path of its page, with the query. */
  page: string;
  /** Which form of the page: the name that it gives itself. */
  form: string;
  /** For whom the page was made, as the page has it. */
  reader: string;
  values: TypedValues;
}

/** True for whom a page was made, by its mark. */
type IsReader = (reader: string) => boolean;

/**
 * Keeps a form for the browser that has this token, for {@link KEPT_FORM_S}; of one page the newest. What was typed is
 * encrypted with a key from the token, which is nowhere but in that browser.
 */
export async function keepForm(token: string, kept: KeptForm): Promise<void> {
  const { id, key } = lockOf(token, kept.page);
  const sealed = seal(sealedFor(id), JSON.stringify(kept), key);
  const expiresAt = new Date(Date.now() + KEPT_FORM_S * SECOND_MS);
  await db.keptForm.upsert({
    where: { browserHash_pageHash: id },
    create: { ...id, sealed, expiresAt },
    update: { sealed, expiresAt },
  });
}

/** What was typed on a page, once: of two that ask at once, one gets it. Null where nothing is kept for this reader. */
export async function takeKeptForm(
  token: string,
  page: string,
  isReader: IsReader,
): Promise<KeptForm | null> {
  const { id, key } = lockOf(token, page);
  const row = await db.keptForm.findFirst({ where: { ...id, expiresAt: { gt: new Date() } } });
  const kept = row && (JSON.parse(unseal(sealedFor(id), row.sealed, [key])) as KeptForm);
  if (!kept || !isReader(kept.reader)) return null;
  const { count } = await db.keptForm.deleteMany({ where: { ...id, sealed: row.sealed } });
  return count === 1 ? kept : null;
}

/**
 * Deletes what is kept for this browser and for other people than the one who has logged in there.
 * @returns how many forms are left
 */
export async function dropFormsOfOthers(token: string, isReader: IsReader): Promise<number> {
  const browserHash = hashToken(token);
  const rows = await db.keptForm.findMany({ where: { browserHash, expiresAt: { gt: new Date() } } });
  const isTheirs = ({ pageHash, sealed }: (typeof rows)[number]) => {
    const opened = unseal(sealedFor({ browserHash, pageHash }), sealed, [keyOf(token)]);
    return isReader((JSON.parse(opened) as KeptForm).reader);
  };
  const others = rows.filter((row) => !isTheirs(row)).map(({ pageHash }) => pageHash);
  if (others.length > 0) await db.keptForm.deleteMany({ where: { browserHash, pageHash: { in: others } } });
  return rows.length - others.length;
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

/** Where the form of a page is kept for a browser, and the key to it. */
function lockOf(token: string, page: string): { id: RowId; key: Buffer } {
  const pageHash = createHmac("sha256", token).update(`latchkey kept page v1\n${page}`).digest("hex");
  return { id: { browserHash: hashToken(token), pageHash }, key: keyOf(token) };
}

function keyOf(token: string): Buffer {
  return createHmac("sha256", token).update("latchkey kept form v1").digest();
}

function sealedFor({ browserHash, pageHash }: RowId): string {
  return `${browserHash} ${pageHash}`;
}
