import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { normalizePassword, PASSWORD_MAX_BYTES, passwordBytes } from "../../../shared/canonical";
import { HASH_DIGITS, PREFIX_DIGITS, RANGE_LINES } from "../../../shared/common-range";
import { findLocalWeakness, indexCommonWords, listKey } from "../../../shared/password-rules";
import { HEADS, LIST_FILE } from "./format";

/**
 * Makes `list.bin` and `lib/shared/common-words.json` from the sources that README.md names:
 * `npx jiti lib/security/passwords/common-passwords/make.ts SOURCES [LIST…]` at the root. Further lists, one password a line, are added.
 */

interface Source {
  /** Below the folder of sources. */
  file: string;
  /** True where the commonest come first, short ones among them: these give the words as well. */
  isRanked: boolean;
}

const SOURCES: Source[] = [
  { file: "fxa/source_data/10_million_password_list_top_1M.txt", isRanked: true },
  { file: "rockyou/data/75.txt", isRanked: true },
  {
    file: "django/usr/lib/python3/dist-packages/django/contrib/auth/common-passwords.txt.gz",
    isRanked: false,
  },
  { file: "wifite/usr/share/dict/wordlist-probable.txt", isRanked: false },
];

/** Words in the list that browsers load. */
const WORDS = 20_000;

/** Fewest characters of a password that any setting accepts. */
const PASSWORD_MIN = 8;

/** Words of digits alone are taken of so many of the commonest: behind these come dates, which are good for nothing more. */
const NUMBERS = 1_000;

const WORDS_FILE = "lib/shared/common-words.json";

/**
 * Passwords of so many characters are taken of so many of the commonest: behind these a long one is there because it was
 * found, not because people choose it.
 */
const LONG = { characters: 20, commonest: 100_000 };

/** No one's: what a password is refused for must not depend on who chose it. */
const NO_NAMES = { username: "", email: "", appName: "" };

function main([folder, ...more]: string[]): void {
  if (folder === undefined) throw new Error("Say where the sources are, see README.md.");
  const sources = SOURCES.map(({ file, isRanked }) => ({ lines: readLines(join(folder, file)), isRanked }));
  const words = chooseWords(sources.filter(({ isRanked }) => isRanked).map(({ lines }) => lines));
  const hashes = hashesOf([...sources.map(({ lines }) => lines), ...more.map(readLines)], words);
  const list = packed(hashes);
  writeFileSync(LIST_FILE, list);
  const { what, source, licence } = JSON.parse(readFileSync(WORDS_FILE, "utf8")) as Record<string, string>;
  const edition = createHash("sha256").update(list).digest("hex").slice(0, 8);
  writeFileSync(
    WORDS_FILE,
    `${JSON.stringify({ what, source, licence, list: edition, words: words.join(" ") }, null, 2)}\n`,
  );
  console.log(`${words.length} words, ${hashes.length} hashes, ${list.length} bytes, edition ${edition}`);
}

function readLines(file: string): string[] {
  const bytes = readFileSync(file);
  const text = (file.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8");
  return text.split(/\r?\n/).filter((line) => line !== "" && line.isWellFormed());
}

/** The commonest words, by turns from each list, without those that are another one with small changes. */
function chooseWords(lists: string[][]): string[] {
  const words: string[] = [];
  const chosen = new Set<string>();
  for (let rank = 0; words.length < WORDS; rank++)
    for (const list of lists) {
      const word = (list[rank] ?? "").toLowerCase();
      if (rank >= NUMBERS && !/\p{L}/u.test(word)) continue;
      const [folded] = indexCommonWords([word]);
      // With a sign in it, it is for the list alone.
      if (folded?.length !== word.length || findLocalWeakness(word, NO_NAMES, chosen) !== null) continue;
      chosen.add(folded);
      words.push(word);
    }
  return words.slice(0, WORDS);
}

/** Those that some setting would accept and no rule refuses: twelve digits each, sorted, each once. */
function hashesOf(lists: string[][], words: string[]): string[] {
  const common = indexCommonWords(words);
  const hashes = new Set<string>();
  for (const list of lists)
    for (const [rank, password] of list.entries()) {
      const { length } = [...normalizePassword(password)];
      if (length < PASSWORD_MIN || (length >= LONG.characters && rank >= LONG.commonest)) continue;
      if (passwordBytes(password) > PASSWORD_MAX_BYTES) continue;
      if (findLocalWeakness(password, NO_NAMES, common) !== null) continue;
      const hash = createHash("sha256").update(listKey(password)).digest("hex");
      hashes.add(hash.slice(0, HASH_DIGITS));
    }
  return [...hashes].sort();
}

function packed(hashes: string[]): Buffer {
  const counts = Buffer.alloc(HEADS);
  const ranges = new Map<string, number>();
  for (const hash of hashes) {
    const head = Number.parseInt(hash.slice(0, 4), 16);
    counts.writeUInt8(counts.readUInt8(head) + 1, head); // throws above 255
    const prefix = hash.slice(0, PREFIX_DIGITS);
    ranges.set(prefix, (ranges.get(prefix) ?? 0) + 1);
  }
  const longest = Math.max(...ranges.values());
  if (longest > RANGE_LINES) throw new Error(`A range has ${longest} hashes, more than ${RANGE_LINES}.`);
  return Buffer.concat([counts, Buffer.from(hashes.map((hash) => hash.slice(4)).join(""), "hex")]);
}

main(process.argv.slice(2));
