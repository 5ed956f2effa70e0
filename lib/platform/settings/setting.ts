import { ConfigurationError } from "../configuration-error";

/** What the environment, or a `.env` file read into it, says. */
export type Source = Readonly<Record<string, string | undefined>>;

/**
 * Reads one setting as it is meant.
 * @param text not blank
 * @throws ConfigurationError with one sentence, which never repeats what may be secret
 */
export type Reader<Value> = (text: string, name: string, source: Source) => Value;

/** A row of the table of settings. */
export interface Setting<Value, Unset> {
  /** The name of its variable. */
  name: string;
  read: Reader<Value>;
  /** Its value where the variable is unset or blank. */
  unset: Unset;
  /** True for what no output may show. */
  isSecret: boolean;
}

export function setting<Value, Unset>(
  name: string,
  read: Reader<Value>,
  unset: Unset,
): Setting<Value, Unset> {
  return { name, read, unset, isSecret: false };
}

/** A setting that no output may show: a secret itself, or an address with a password in it. */
export function secretSetting<Value, Unset>(
  name: string,
  read: Reader<Value>,
  unset: Unset,
): Setting<Value, Unset> {
  return { name, read, unset, isSecret: true };
}

/** Reads one setting out of `source`. White space around it is nobody's intention, and a blank variable is an unset one. */
export function readSetting<Value, Unset>(
  { name, read, unset }: Setting<Value, Unset>,
  source: Source,
): Value | Unset {
  const text = source[name] ?? "";
  return text.trim() === "" ? unset : read(text, name, source);
}

/** Quotes around a value: a shell and a `.env` file take them off, `docker --env-file` and some panels do not. */
const QUOTED = /^(["'`]).*\1$|^[“”„‘’].*[“”‘’]$/s;

/** What nobody sees in a value and nobody means: control characters, invisible ones, and spaces that only look like one. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\u00a0\u202f\ufffd]/u;

/** Makes a reader of the value as it is meant: without white space around it. Quotes around it are refused. */
export function trimmed<Value>(read: Reader<Value>): Reader<Value> {
  return (text, name, source) => {
    const meant = text.trim();
    if (QUOTED.test(meant))
      throw new ConfigurationError(
        `${name} has quotes around it that are part of the value here: take them off.`,
      );
    return read(meant, name, source);
  };
}

/** Makes a reader of an address or a number, in which white space and invisible characters have no place. */
export function compact<Value>(read: Reader<Value>): Reader<Value> {
  return trimmed((text, name, source) => {
    if (/\s/.test(text) || UNSEEN.test(text))
      throw new ConfigurationError(
        `${name} has white space or an invisible character in it: take it out${text.includes("://") ? ", or write a space as %20" : ""}.`,
      );
    return read(text, name, source);
  });
}

/** Text that has a shape. */
export function textLike(shape: RegExp, expected: string): Reader<string> {
  return trimmed((text, name) => {
    if (!shape.test(text)) throw new ConfigurationError(`${name} must be ${expected}.`);
    return text;
  });
}

export function wholeNumber(least: number, most: number, what = "a whole number"): Reader<number> {
  return trimmed((text, name) => {
    const number = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    if (number >= least && number <= most) return number;
    throw new ConfigurationError(`${name} must be ${what} from ${least} to ${most}.`);
  });
}

export const yesOrNo: Reader<boolean> = trimmed((text, name) => {
  if (text !== "true" && text !== "false") throw new ConfigurationError(`${name} must be true or false.`);
  return text === "true";
});

export function oneOf<Choice extends string>(choices: readonly Choice[]): Reader<Choice> {
  return trimmed((text, name) => {
    const found = choices.find((choice) => choice === text);
    if (found === undefined) throw new ConfigurationError(`${name} must be one of ${choices.join(", ")}.`);
    return found;
  });
}
