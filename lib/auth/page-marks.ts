import "server-only";
import { createHmac, timingSafeEqual } from "node:crypto";
import { derivedKey } from "../platform/crypto/derived-key";
import { newToken } from "../platform/crypto/token";
import type { PageMarks } from "../shared/page-fields";
import { currentUser } from "./current-user";

/** What the forms of the page that is being made carry: a secret of its own, and for whom it is made. */
export async function newPageMarks(): Promise<PageMarks> {
  const user = await currentUser().catch(() => null); // while the database is down the page itself says so
  return { secret: newToken(), reader: user ? readerMark(user) : "" };
}

/** True when a form comes from a page that was made for this person. */
export function isMadeFor(user: { id: string }, mark: unknown): boolean {
  const [expected, given] = [Buffer.from(readerMark(user)), Buffer.from(String(mark))];
  return given.length === expected.length && timingSafeEqual(given, expected);
}

/** Tells people apart and tells nothing about them. */
function readerMark({ id }: { id: string }): string {
  return createHmac("sha256", derivedKey("latchkey page reader v1"))
    .update(id)
    .digest("base64url")
    .slice(0, 22);
}
