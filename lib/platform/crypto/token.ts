import { createHash, randomBytes } from "node:crypto";

/** Random bytes in a token: 256 bits (ASVS v5.0.0-7.2.3 asks for 128). */
const TOKEN_BYTES = 32;

/** 32 bytes in base64url. Anything else is none of our tokens and costs no query. */
const TOKEN_SHAPE = /^[A-Za-z0-9_-]{43}$/;

/** A new secret that opens something: a session, an emailed link. Only its hash is stored. */
export function newToken(): string {
  return randomBytes(TOKEN_BYTES).toString("base64url");
}

/** False for text that {@link newToken} cannot have made. */
export function hasTokenShape(token: string): boolean {
  return TOKEN_SHAPE.test(token);
}

/** What the database keeps of a token, so that a copy of the database logs no one in (ASVS v5.0.0-7.2.3). */
export function hashToken(token: string | Uint8Array): string {
  return createHash("sha256").update(token).digest("hex");
}
