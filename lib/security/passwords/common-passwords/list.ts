import "server-only";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { codeFolder } from "../../../platform/folders";
import { HASH_DIGITS, PREFIX_DIGITS, RANGE_LINES } from "../../../shared/common-range";
import { listKey } from "../../../shared/password-rules";
import { HEADS, LIST_FILE, TAIL_BYTES } from "./format";

interface List {
  /** Where the tails of each head begin, and at the end how many there are. */
  starts: Uint32Array;
  tails: Buffer;
}

let list: List | undefined;

/** Read when first asked for, and then kept: 2 MB. */
function readList(): List {
  if (list) return list;
  // Not by a URL: the bundler would put it among the files that browsers can fetch.
  const bytes = readFileSync(join(/* turbopackIgnore: true */ codeFolder(), LIST_FILE));
  const starts = new Uint32Array(HEADS + 1);
  for (let head = 0; head < HEADS; head++) starts[head + 1] = (starts[head] ?? 0) + (bytes[head] ?? 0);
  list = { starts, tails: bytes.subarray(HEADS) };
  return list;
}

/** True for one of the commonest passwords that no rule refuses, in any case and with look-alikes for letters. */
export function isListed(password: string): boolean {
  const hash = createHash("sha256").update(listKey(password)).digest();
  const tail = hash.readUIntBE(2, TAIL_BYTES);
  for (const other of tailsOf(hash.readUInt16BE(0))) if (other === tail) return true;
  return false;
}

/**
 * The hashes that begin with `prefix`, less that beginning, a line each. Filler lines make every answer as long as the
 * others: random letters that no hash has, the same each time.
 * @returns null unless the prefix is one
 */
export function rangeOf(prefix: string): string | null {
  if (!new RegExp(`^[0-9a-f]{${PREFIX_DIGITS}}$`).test(prefix)) return null;
  const lines: string[] = [];
  for (let digit = 0; digit < 16; digit++)
    for (const tail of tailsOf(Number.parseInt(prefix, 16) * 16 + digit))
      lines.push(digit.toString(16) + tail.toString(16).padStart(2 * TAIL_BYTES, "0"));
  return [...lines, ...fillers(prefix, RANGE_LINES - lines.length)].map((line) => `${line}\n`).join("");
}

function* tailsOf(head: number): Generator<number> {
  const { starts, tails } = readList();
  const end = starts[head + 1] ?? 0;
  for (let at = starts[head] ?? 0; at < end; at++) yield tails.readUIntBE(at * TAIL_BYTES, TAIL_BYTES);
}

function fillers(prefix: string, count: number): string[] {
  const digits = HASH_DIGITS - PREFIX_DIGITS;
  const noise = createHash("shake256", { outputLength: count * digits })
    .update(prefix)
    .digest();
  const letters = [...noise].map((byte) => "ghijklmnopqrstuv".charAt(byte % 16)).join("");
  return Array.from({ length: count }, (_, line) => letters.slice(line * digits, (line + 1) * digits));
}
