import "server-only";
import { createHmac, timingSafeEqual } from "node:crypto";
import { derivedKey, derivedKeys } from "../platform/crypto/derived-key";
import { newToken } from "../platform/crypto/token";
import type { PageMarks } from "../shared/page-fields";

/** What the forms of the page that is being made carry: a secret of its own, and for whom it is made; null: for anybody. */
export function newPageMarks(user: { id: string } | null): PageMarks {
  return { secret: newToken(), reader: user ? readerMark(user) : "" };
}

/**
 * For whom the page of a form was made: for this person, or for somebody else. "unknown": it has no mark, or one that was
 * made with an AUTH_SECRET which is not known any more.
 */
export function madeFor(user: { id: string }, mark: unknown): "this person" | "somebody else" | "unknown" {
  const reader = readerIn(mark);
  if (reader === null) return "unknown";
  return readersOf(user).some((known) => isEqual(reader, known)) ? "this person" : "somebody else";
}

/** What a page's mark calls the person it was made for; null for a mark that was not made here, to the last character. */
export function readerIn(mark: unknown): string | null {
  const [, reader = "", proof = ""] = MARK_SHAPE.exec(typeof mark === "string" ? mark : "") ?? [];
  const isProven = derivedKeys(PURPOSE).some((key) => isEqual(proof, proofOf(key, reader)));
  return isProven ? reader : null;
}

/** What marks call this person: by each secret that is known now. */
export function readersOf({ id }: { id: string }): string[] {
  return derivedKeys(PURPOSE).map((key) => hash(key, id));
}

const PURPOSE = "latchkey page reader v1";

/** Two hashes and nothing else: who writes more behind a mark of their own must not get another one. */
const MARK_SHAPE = /^([\w-]{22})\.([\w-]{22})$/;

/** Tells people apart and tells nothing about them; and after a dot, proves that it was made here. */
function readerMark({ id }: { id: string }): string {
  const key = derivedKey(PURPOSE);
  const mark = hash(key, id);
  return `${mark}.${proofOf(key, mark)}`;
}

/** No id begins like this, so no mark is a proof. */
function proofOf(key: Buffer, mark: string): string {
  return hash(key, `proof of ${mark}`);
}

function hash(key: Buffer, text: string): string {
  return createHmac("sha256", key).update(text).digest("base64url").slice(0, 22);
}

function isEqual(given: string, expected: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(expected)];
  return one.length === other.length && timingSafeEqual(one, other);
}
