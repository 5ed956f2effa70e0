import { normalizePassword, PASSWORD_MAX_BYTES } from "./canonical";

/** What a new password is refused for. Pure, and shared with the browser: the strength meter judges by the same rules. */
export type WeaknessKind =
  | "common"
  | "nearly-common"
  | "date"
  | "username"
  | "email"
  | "product"
  | "breached";

export interface Weakness {
  kind: WeaknessKind;
  /** One sentence for the password field: what is wrong and what to do. */
  message: string;
}

const REASONS: Record<WeaknessKind, string> = {
  common: "That password is among the most common ones.",
  "nearly-common": "That password is a common one with small changes.",
  date: "That password is a date.",
  username: "That password is your username or close to it.",
  email: "That password is your email address or close to it.",
  product: "That password is the name of this site or close to it.",
  breached: "That password is known from a breach at another site.",
};

export function weakness(kind: WeaknessKind): Weakness {
  return { kind, message: `${REASONS[kind]} Please choose a different one.` };
}

/** The person who chooses the password: what others know of them and would try first. */
export interface PasswordContext {
  username: string;
  email: string;
}

/** The names a password is compared with. */
export interface NamesInPassword extends PasswordContext {
  /** What this site is called (ASVS v5.0.0-6.2.11). */
  appName: string;
}

/** Longest password looked at, in UTF-16 units: no spelling takes more for what the schema accepts. */
const LONGEST = 2 * PASSWORD_MAX_BYTES;

/**
 * How many characters around a word still leave it the same password: a year, an exclamation mark and one more.
 * Around a long word any number that it outweighs.
 */
const TRIMMINGS_MAX = 6;

/** Fewest letters of a name for the whole password to be refused because the name fills half of it. */
const NAME_WITHIN_MIN = 4;

/** Passwords of fewer letters are no word to build on: almost anything doubled or numbered would be refused. */
const STEM_MIN = 4;

/** The words that are refused with trimmings too, folded: `dragon2026!` is as easy to guess as `dragon`. */
export type CommonWords = ReadonlySet<string>;

/** @param words common passwords of any length */
export function indexCommonWords(words: readonly string[]): CommonWords {
  return new Set(words.map(fold).filter((word) => word.length >= STEM_MIN));
}

/**
 * What stands for a password in the list of common ones: two passwords with one key are equally common. It is folded, or in
 * lower case where folding would lose characters. Its hash is what a browser asks by.
 */
export function listKey(password: string): string {
  const composed = normalizePassword(password);
  const folded = [...composed].map(fold);
  return folded.every((letter) => letter !== "") ? folded.join("") : composed.toLowerCase();
}

/**
 * What makes this password too easy to guess, as far as words and names tell, or null. Never what it is made of: length
 * aside, any characters will do (NIST SP 800-63B-4 §3.1.1.2). The password as a whole is judged; a common word within a
 * longer one does no harm. The long list of common passwords is the server's.
 *
 * Refused are dates, the common words, the username, the email or its part before the @ and the name of this site, also
 * with other case, accents or spacing, digits and signs for letters, digits and signs around it, backwards, or repeated.
 */
export function findLocalWeakness(
  password: string,
  names: NamesInPassword,
  common: CommonWords,
): Weakness | null {
  if (password.length > LONGEST) return null;
  const characters = [...password];
  const folded = characters.map(fold);
  const whole = folded.join("");
  const isUnabridged = folded.every((letter) => letter !== "");
  if (isUnabridged && common.has(whole)) return weakness("common");
  if (isDate(password)) return weakness("date");

  const near = new Set([...cores(characters, folded)].flatMap(variants));
  for (const [kind, name] of foldedNames(names)) {
    const fillsHalf = name.length >= NAME_WITHIN_MIN && name.length * 2 >= characters.length;
    if (near.has(name) || (fillsHalf && (whole.includes(name) || whole.includes(reversed(name)))))
      return weakness(kind);
  }
  for (const word of near) if (common.has(word)) return weakness("nearly-common");
  return null;
}

/** The orders in which a date has its year, month and day, in eight digits. */
const DATE_ORDERS = [
  /^(?<year>\d{4})(?<month>\d\d)(?<day>\d\d)$/,
  /^(?<day>\d\d)(?<month>\d\d)(?<year>\d{4})$/,
  /^(?<month>\d\d)(?<day>\d\d)(?<year>\d{4})$/,
];

/** True for a day of 1900 to 2099 in digits, with signs around and between them or without: there are 73,000. */
function isDate(password: string): boolean {
  const digits = password.normalize("NFKC").replace(/[^\p{L}\p{N}]/gu, "");
  return DATE_ORDERS.some((order) => {
    const { year, month, day } = order.exec(digits)?.groups ?? {};
    const isYear = Number(year) >= 1900 && Number(year) <= 2099;
    return isYear && isDay(Number(year), Number(month), Number(day));
  });
}

function isDay(year: number, month: number, day: number): boolean {
  const date = new Date(Date.UTC(year, month - 1, day)); // 30 February becomes a day of March
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}

/** What stands for which letter. Both of i and l are written as 1 and as !, so the two count as one. */
const LOOK_ALIKES: Record<string, string> = {
  "0": "o",
  "1": "i",
  "3": "e",
  "4": "a",
  "5": "s",
  "7": "t",
  "8": "b",
  "9": "g",
  "!": "i",
  "|": "i",
  "@": "a",
  $: "s",
  "€": "e",
  "+": "t",
  l: "i",
};

/** Text without what makes a trivial difference: case, accents, width, look-alikes, and everything but letters and digits. */
function fold(text: string): string {
  let folded = "";
  for (const character of text.normalize("NFKD").toLowerCase()) folded += LOOK_ALIKES[character] ?? character;
  return folded.replace(/[^\p{L}\p{N}]/gu, "");
}

function foldedNames({ username, email, appName }: NamesInPassword): [WeaknessKind, string][] {
  const local = email.slice(0, Math.max(0, email.lastIndexOf("@")));
  const all: [WeaknessKind, string][] = [
    ["username", username],
    ["email", email],
    ["email", local],
    ["email", local.replace(/\+.*$/s, "")], // ada+shop@example.com is still ada
    ["product", appName],
  ];
  return all.map(([kind, name]): [WeaknessKind, string] => [kind, fold(name)]).filter(([, name]) => name);
}

/**
 * What is left of a password without what stands around it: the whole first, then with ever more digits and signs taken
 * off either end, as long as that is little or the rest outweighs it. Folded; signs within that are lost count as taken.
 */
function* cores(characters: readonly string[], folded: readonly string[]): Generator<string> {
  const { length } = characters;
  const isCore = characters.some(isLetter) ? isLetter : isDigit; // of digits alone, only signs are taken
  const first = characters.findIndex(isCore);
  const last = characters.findLastIndex(isCore);
  for (let start = 0; start <= first; start++)
    for (let end = length; end > last; end--) {
      const core = folded.slice(start, end).filter((letter) => letter !== "");
      const taken = length - core.length;
      if (taken <= TRIMMINGS_MAX || taken * 2 <= length) yield core.join("");
    }
}

/** A word itself, backwards, and what it repeats. */
function variants(word: string): string[] {
  const unit = repeatedUnit(word);
  return unit === word ? [word, reversed(word)] : [word, reversed(word), unit, reversed(unit)];
}

/** The shortest text that this one repeats from end to end; a text that repeats nothing is its own. */
function repeatedUnit(text: string): string {
  return text.slice(0, (text + text).indexOf(text, 1));
}

function reversed(text: string): string {
  return [...text].reverse().join("");
}

function isDigit(character: string): boolean {
  return /\p{N}/u.test(character);
}

function isLetter(character: string): boolean {
  return /\p{L}/u.test(character);
}
