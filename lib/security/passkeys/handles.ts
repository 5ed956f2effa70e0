import "server-only";
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { derivedKey, derivedKeys } from "../../platform/crypto/derived-key";
import { env } from "../../platform/env";

/** Random bytes: 192 bits. A handle has at most 64 bytes, and says nothing about anybody (WebAuthn §14.6.1). */
const RANDOM_BYTES = 24;

/** Bytes of the mark: 64 bits tell the few installations of one host apart. */
const MARK_BYTES = 8;

/** As cookie names do, it has the address in it: staging may have production's secret, or its host. */
const key = () => `latchkey passkey handles v1\n${env().publicUrl.origin}`;

/** A new name by which passkeys know an account, with the mark of this installation. */
export function newHandle(): string {
  const head = randomBytes(RANDOM_BYTES);
  return Buffer.concat([head, markOf(derivedKey(key()), head)]).toString("base64url");
}

/**
 * True for the name of an account of this installation, also of one that is erased. Browsers keep passkeys by the host, without
 * its port, so they offer here those of a neighbour, and whatever they are told of such a one would be told of the neighbour's.
 */
export function isOwnHandle(handle: string): boolean {
  const bytes = Buffer.from(handle, "base64url");
  if (bytes.length !== RANDOM_BYTES + MARK_BYTES) return false;
  const [head, mark] = [bytes.subarray(0, RANDOM_BYTES), bytes.subarray(RANDOM_BYTES)];
  return derivedKeys(key()).some((each) => timingSafeEqual(mark, markOf(each, head)));
}

function markOf(each: Buffer, head: Buffer): Buffer {
  return createHmac("sha256", each).update(head).digest().subarray(0, MARK_BYTES);
}
