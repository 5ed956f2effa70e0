import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { derivedKey } from "../platform/crypto/derived-key";
import { DEVICE_ACCOUNTS_MAX, DEVICE_LIFETIME_DAYS } from "../shared/limits";

// A device token says "this browser has logged in to that account before" (OWASP: "Device cookies"). It opens nothing; it
// only keeps strangers' failures from hindering whoever holds it. It is a row of slots, each with a random id, the hour of
// the last login and an HMAC over both and the email, which is not in it. Slots nobody uses yet are random bytes, which
// belong to no account; so every token is equally long and read in one way. A last HMAC seals the row: it tells a token of
// ours before anybody has said whose account it is about.

const ID_BYTES = 16;
const HOUR_BYTES = 4;
const MAC_BYTES = 32;
const SLOT_BYTES = ID_BYTES + HOUR_BYTES + MAC_BYTES;
const ROW_BYTES = DEVICE_ACCOUNTS_MAX * SLOT_BYTES;
const TOKEN_BYTES = ROW_BYTES + MAC_BYTES;

/** Characters in a token: base64url without padding. */
export const DEVICE_TOKEN_LENGTH = Math.ceil((TOKEN_BYTES * 4) / 3);

const HOUR_MS = 60 * 60 * 1000;
const LIFETIME_HOURS = DEVICE_LIFETIME_DAYS * 24;

/**
 * The token for a browser that has just logged in to an account. The other accounts in `previous` stay, the one used
 * longest ago makes room; the id by which this account knows the browser stays too.
 */
export function signDevice(emailCanonical: string, previous: string | null): string {
  const slots = readSlots(previous);
  const known = slots.findIndex((slot) => belongsTo(slot, emailCanonical));
  const id = slots[known]?.subarray(0, ID_BYTES) ?? randomBytes(ID_BYTES);
  const others = slots.filter((_, index) => index !== known);
  while (others.length < DEVICE_ACCOUNTS_MAX) others.push(randomBytes(SLOT_BYTES));
  const row = Buffer.concat([makeSlot(id, emailCanonical), ...others.slice(0, DEVICE_ACCOUNTS_MAX - 1)]);
  return Buffer.concat([row, sealOf(row)]).toString("base64url");
}

/**
 * The id by which an account knows the browser with this token; null: it does not. Whatever is malformed, foreign or
 * too old is unknown.
 */
export function isKnownDevice(token: string | null, emailCanonical: string): string | null {
  const slot = readSlots(token).find((slot) => belongsTo(slot, emailCanonical));
  return slot ? slot.subarray(0, ID_BYTES).toString("hex") : null;
}

/** What tells this token from all others, whichever accounts it is for; null when we have not signed it. */
export function readSeal(token: string | null): string | null {
  const row = readRow(token);
  return row && sealOf(row).toString("base64url");
}

/** Empty for what is not a token of ours. */
function readSlots(token: string | null): Buffer[] {
  const row = readRow(token);
  if (!row) return [];
  return Array.from({ length: DEVICE_ACCOUNTS_MAX }, (_, index) =>
    row.subarray(index * SLOT_BYTES, (index + 1) * SLOT_BYTES),
  );
}

function readRow(token: string | null): Buffer | null {
  if (token?.length !== DEVICE_TOKEN_LENGTH) return null;
  const bytes = Buffer.from(token, "base64url");
  if (bytes.length !== TOKEN_BYTES) return null; // it had letters that base64url has not
  const row = bytes.subarray(0, ROW_BYTES);
  return timingSafeEqual(bytes.subarray(ROW_BYTES), sealOf(row)) ? row : null;
}

function makeSlot(id: Buffer, emailCanonical: string): Buffer {
  const head = Buffer.alloc(ID_BYTES + HOUR_BYTES);
  id.copy(head);
  head.writeUInt32BE(hoursSince1970(), ID_BYTES);
  return Buffer.concat([head, macOf(head, emailCanonical)]);
}

function belongsTo(slot: Buffer, emailCanonical: string): boolean {
  const head = slot.subarray(0, ID_BYTES + HOUR_BYTES);
  const isOurs = timingSafeEqual(slot.subarray(head.length), macOf(head, emailCanonical));
  return isOurs && hoursSince1970() - head.readUInt32BE(ID_BYTES) < LIFETIME_HOURS;
}

function macOf(head: Buffer, emailCanonical: string): Buffer {
  return createHmac("sha256", key()).update(head).update(emailCanonical).digest();
}

function sealOf(row: Buffer): Buffer {
  return createHmac("sha256", key()).update("seal").update(row).digest();
}

function hoursSince1970(): number {
  return Math.floor(Date.now() / HOUR_MS);
}

function key(): Buffer {
  return derivedKey("latchkey device cookie v1");
}
