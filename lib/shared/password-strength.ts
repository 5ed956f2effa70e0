import { ZxcvbnFactory } from "@zxcvbn-ts/core";
// Not from the package's index, which would bring its own list of passwords along: we have ours.
import keyboards from "@zxcvbn-ts/language-common/src/adjacencyGraphs.json";
import { translations } from "@zxcvbn-ts/language-en";
import { normalizePassword, PASSWORD_MAX_BYTES } from "./canonical";
import { commonWords, loadCommonWords } from "./common-words";
import { findLocalWeakness, type PasswordContext, weakness } from "./password-rules";
import { newPasswordSchemaFor } from "./schemas";

/** What a meter shows of a password. */
export interface Strength {
  /** Filled parts of the bar; none for a password that will not be taken, or of which that is not known. */
  level: 0 | 1 | 2 | 3 | 4;
  label:
    | "Too short"
    | "Not accepted"
    | "Checking"
    | "Not measured"
    | "Very weak"
    | "Weak"
    | "Fair"
    | "Good"
    | "Strong";
  /** What makes it weak and what would help; null where there is nothing to say. */
  advice: string | null;
}

export type StrengthJudge = (password: string, context: PasswordContext) => Strength;

/** A password on the server's list. */
export const LISTED: Strength = { level: 0, label: "Not accepted", advice: weakness("common").message };

/** By zxcvbn's score: 0 falls to some thousand guesses, 4 withstands ten thousand million and more. */
const GRADES = [
  { level: 1, label: "Very weak" },
  { level: 1, label: "Weak" },
  { level: 2, label: "Fair" },
  { level: 3, label: "Good" },
  { level: 4, label: "Strong" },
] as const;

/** From this score on advice would only nag. */
const GOOD = 3;

/**
 * Makes the judge behind a strength meter. What the server refuses by length, as a common word or as a name comes first and
 * in the server's words; only of the rest does zxcvbn say how strong it is. Of those the server has to be asked about its
 * list before any of it is shown. Breaches are the server's to look up.
 *
 * For the browser, and heavy (the words above all): import this file when it is needed, not before.
 * @param rules the configured ones: the fewest characters, and the name of the site
 */
export async function makeStrengthJudge({
  passwordMinLength,
  appName,
}: {
  passwordMinLength: number;
  appName: string;
}): Promise<StrengthJudge> {
  const [common, words] = await Promise.all([commonWords(), loadCommonWords()]);
  const schema = newPasswordSchemaFor(passwordMinLength);
  const zxcvbn = new ZxcvbnFactory({
    dictionary: { passwords: words },
    graphs: keyboards,
    translations,
    maxLength: PASSWORD_MAX_BYTES,
  });

  return (password, context) => {
    const parsed = schema.safeParse(password);
    if (!parsed.success) {
      const isShort =
        password.length <= PASSWORD_MAX_BYTES && [...normalizePassword(password)].length < passwordMinLength;
      return isShort
        ? { level: 0, label: "Too short", advice: null }
        : { level: 0, label: "Not accepted", advice: parsed.error.issues[0]?.message ?? null };
    }
    const weakness = findLocalWeakness(password, { ...context, appName }, common);
    if (weakness) return { level: 0, label: "Not accepted", advice: weakness.message };

    const { username, email } = context;
    const { score, feedback } = zxcvbn.check(
      password,
      [username, email, ...email.split("@")].filter(Boolean),
    );
    const advice = [feedback.warning, feedback.suggestions[0]].filter(Boolean).join(" ");
    return { ...GRADES[score], advice: score < GOOD && advice ? advice : null };
  };
}
