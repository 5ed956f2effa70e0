import "server-only";
import { createHash } from "node:crypto";
import { normalizePassword } from "../../shared/canonical";

/** How long a registration waits for the answer, in milliseconds. */
const TIMEOUT_MS = 1000;

/** How much of the SHA-1 is told, in hexadecimal digits: some thousand known passwords share each of these beginnings. */
const PREFIX_LENGTH = 5;

/**
 * True when a password is known from breaches, by the range API of Have I Been Pwned
 * (https://haveibeenpwned.com/API/v3#PwnedPasswords) or whatever speaks it at `api`. Only the beginning of the
 * password's hash is sent, and the answer is padded, so that its length tells nothing either.
 * @throws when there is no proper answer within a second
 */
export async function isBreached(password: string, api: URL): Promise<boolean> {
  // SHA-1 is what that API is asked in and is used for nothing else: passwords are kept as bcrypt.
  const hash = createHash("sha1").update(normalizePassword(password)).digest("hex").toUpperCase();
  const base = api.href.endsWith("/") ? api.href : `${api.href}/`;
  const response = await fetch(new URL(`range/${hash.slice(0, PREFIX_LENGTH)}`, base), {
    headers: { "Add-Padding": "true", "User-Agent": "Latchkey" },
    signal: AbortSignal.timeout(TIMEOUT_MS), // covers the reading of the answer too
    redirect: "error",
    cache: "no-store",
  });
  if (!response.ok) throw new Error(`The breach check answered ${response.status}`);
  return isListed(hash.slice(PREFIX_LENGTH), await response.text());
}

/** Looks for `SUFFIX:count`, a line each. Padding is counted 0 times: made up, and no breach. */
function isListed(suffix: string, lines: string): boolean {
  const at = `\n${lines.toUpperCase()}`.indexOf(`\n${suffix}:`);
  return at >= 0 && Number.parseInt(lines.slice(at + suffix.length + 1), 10) > 0;
}
