import { createHash, randomBytes } from "node:crypto";

/** Random bytes in a token: 256 bits (ASVS v5.0.0-7.2.3 asks for 128). */
const TOKEN_BYTES = 32;

/** 32 bytes in base64url. Anything else was never ours and costs no query. */
const TOKEN_SHAPE = /^[A-Za-z0-9_-]{43}$/;

/** A new secret that opens something: a session, a link in a letter. Kept nowhere but with whom it is given to. */
export function newToken(): string {
  return randomBytes(TOKEN_BYTES).toString("base64url");
}

/** False for what no {@link newToken} has made. */
export function hasTokenShape(token: string): boolean {
  return TOKEN_SHAPE.test(token);
}

/** What the database keeps of a token, so that a copy of the database opens nothing (ASVS v5.0.0-7.2.3). */
export function hashToken(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}
