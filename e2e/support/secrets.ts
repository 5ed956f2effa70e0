import { createHash } from "node:crypto";
import { appendFileSync, existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The folder in which the processes of a run put down what was secret and what the servers printed. */
const VARIABLE = "LATCHKEY_E2E_TRACES";

const SECRETS = "secrets";
const PRINTED = "printed-";

/** Fewest characters, and fewest different ones, of what cannot stand in a log by chance. */
const LENGTH_MIN = 16;
const VARIETY_MIN = 6;

/** Begins to collect, for the length of a run. */
export function collectIn(folder: string): void {
  process.env[VARIABLE] = folder;
}

/** Ends that: what a server still prints goes nowhere. */
export function endCollecting(): void {
  delete process.env[VARIABLE];
}

/** Puts down something no log may hold: a password that someone typed, a cookie that someone was given. */
export function noteSecret(value: string): void {
  const folder = process.env[VARIABLE];
  if (!folder || value.length < LENGTH_MIN || new Set(value).size < VARIETY_MIN) return;
  appendFileSync(join(folder, SECRETS), `${JSON.stringify(value)}\n`);
}

/** Puts down what the server with this process id printed. */
export function notePrinted(pid: number | undefined, text: Buffer): void {
  const folder = process.env[VARIABLE];
  if (folder) appendFileSync(join(folder, `${PRINTED}${pid}`), text);
}

/** What a run has collected: the lines that hold a secret, and how much was looked through for how many. */
export interface Findings {
  leaks: string[];
  lines: number;
  secrets: number;
}

/** Looks for every secret in everything that was printed, and for hashes of passwords, which have a shape of their own. */
export function findLeaks(folder: string): Findings {
  const file = join(folder, SECRETS);
  const noted = existsSync(file) ? readFileSync(file, "utf8").split("\n").filter(Boolean) : [];
  const secrets = [...new Set(noted)].map((line): string => JSON.parse(line));
  const isLeak = finderOf(secrets.flatMap(disguisesOf));
  const lines = readdirSync(folder)
    .filter((name) => name.startsWith(PRINTED))
    .flatMap((name) => readFileSync(join(folder, name), "utf8").split("\n").filter(Boolean));
  return { leaks: lines.filter(isLeak), lines: lines.length, secrets: secrets.length };
}

/** A secret as a log could have it: as it is, in an address, in JSON of plain ASCII, and the hash a table has of it. */
function disguisesOf(secret: string): string[] {
  const inJson = JSON.stringify(secret)
    .slice(1, -1)
    .replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
  const hash = createHash("sha256").update(secret).digest("hex");
  return [secret, encodeURIComponent(secret.toWellFormed()), inJson, hash];
}

const PASSWORD_HASH = /\$2[abxy]\$\d\d\$/;

/** Tells whether a line holds one of thousands of words. By their beginnings: word by word it would take minutes. */
function finderOf(words: string[]): (line: string) => boolean {
  const byBeginning = new Map<string, Set<string>>();
  for (const word of words) {
    const beginning = word.slice(0, LENGTH_MIN);
    byBeginning.set(beginning, (byBeginning.get(beginning) ?? new Set()).add(word));
  }
  return (line) => {
    if (PASSWORD_HASH.test(line)) return true;
    for (let at = 0; at + LENGTH_MIN <= line.length; at++)
      for (const word of byBeginning.get(line.slice(at, at + LENGTH_MIN)) ?? [])
        if (line.startsWith(word, at)) return true;
    return false;
  };
}
