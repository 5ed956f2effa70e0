import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import nextEnv from "@next/env";
import { ConfigurationError } from "../platform/configuration-error";
import { codeFolder, settingsFolder } from "../platform/folders";
import { providerVariables } from "../platform/settings/providers";
import { SETTING_NAMES } from "../platform/settings/table";

/** A definition as Next's reader finds it: its own expression, with what it leaves out kept. */
const DEFINITION =
  /^\s*(?:export\s+)?([\w.-]+)(?:\s*=\s*?|:\s+?)(\s*'(?:\\'|[^'])*'|\s*"(?:\\"|[^"])*"|\s*`(?:\\`|[^`])*`|[^#\r\n]+)?(\s*)(#.*)?$/gm;

/** A variable in a value, which Next replaces: `$NAME`, `${NAME}`, `${NAME:-default}`. */
const REFERENCE = /(?<!\\)\$\{?(\w+)(?::-([^}\\]*))?\}?/g;

interface SettingsFile {
  /** Its name in the folder, as `.env.local`. */
  path: string;
  contents: string;
}

/**
 * Reads the settings from `.env` and its siblings, as Next does, where nothing has read them yet. What the environment itself
 * says stays as it is there.
 * @throws ConfigurationError where a file cannot be read, or where Next's reader makes something else of a setting than
 *   stands in the file
 */
export function loadSettings(isDevelopment: boolean): void {
  const folder = settingsFolder();
  const files = readFiles(folder, isDevelopment);
  // Where the standalone server runs inside its checkout, Next has looked beside server.js, and would answer what it found there.
  if (nextEnv.initialEnv === undefined) nextEnv.loadEnvConfig(folder, isDevelopment, SILENT);
  else if (folder !== codeFolder())
    nextEnv.processEnv(
      files.map((file) => ({ ...file, env: {} })),
      folder,
      SILENT,
    );
  const given = nextEnv.initialEnv ?? {};
  for (const name of [...SETTING_NAMES, ...providerVariables(Object.keys(process.env))]) {
    const found = findDefinition(name, files);
    // Next's reader replaces $ in the environment's own values too, where a file has the same name.
    if (found && given[name] !== undefined) process.env[name] = given[name];
    else if (found) assertMeant(name, join(folder, found.path), found);
  }
}

const SILENT = { info: () => {}, error: () => {} };

/** Those there are, the one that counts most first. */
function readFiles(folder: string, isDevelopment: boolean): SettingsFile[] {
  const mode = isDevelopment ? "development" : "production";
  return [`.env.${mode}.local`, ".env.local", `.env.${mode}`, ".env"].flatMap((path) => {
    const contents = readFile(join(/* turbopackIgnore: true */ folder, path));
    return contents === null ? [] : [{ path, contents }];
  });
}

/** Null where there is no such file. */
function readFile(path: string): string | null {
  try {
    if (statSync(path).isFIFO()) return null; // gives what it has once, and Next has taken that
    const contents = new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(path));
    if (!contents.includes("\0")) return contents;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return null;
    if (code !== "ERR_ENCODING_INVALID_ENCODED_DATA")
      throw new ConfigurationError(
        `The settings in ${path} cannot be read (${code}): run this as the user of the service, and in its environment (OPERATING.md, Accounts), or let that user read the file.`,
      );
  }
  throw new ConfigurationError(`The settings in ${path} are not written in UTF-8: save the file as UTF-8.`);
}

interface Definition {
  path: string;
  /** As it stands behind the name, with its quotes. */
  value: string;
  /** What stands behind it on the same line and is left out. */
  comment: string;
}

/** In the file that counts most; there the last one counts. */
function findDefinition(name: string, files: SettingsFile[]): Definition | null {
  for (const { path, contents } of files) {
    const lines = [...contents.replace(/\r\n?/g, "\n").matchAll(DEFINITION)];
    const found = lines.findLast((match) => match[1] === name);
    if (!found) continue;
    const [, , value = "", gap = "", comment = ""] = found;
    return { path, value, comment: gap.includes("\n") ? "" : comment };
  }
  return null;
}

/** @throws ConfigurationError where Next's reader cut the setting, or put something in place of a part of it */
function assertMeant(name: string, path: string, { value, comment }: Definition): void {
  const refuse = (why: string) => new ConfigurationError(`${name} in ${path} ${why}.`);
  const text = value.trim();
  const isQuoted = /^(['"`])[\s\S]*\1$/.test(text) && text.length > 1;
  if (!isQuoted && /^['"`]/.test(text))
    throw refuse("begins with a quote that does not end: put one at its end, or take it off");
  const isComment = /\s$/.test(value) && /^#(\s|$)/.test(comment);
  if (!isQuoted && text !== "" && comment !== "" && !isComment)
    throw refuse(
      "is cut at its #: put single quotes around the value, or a space on each side of the # where a comment begins",
    );
  for (const [, variable = "", otherwise] of text.matchAll(REFERENCE))
    if (otherwise === undefined && !process.env[variable])
      throw refuse(
        "has a $ that stands for a variable, which is not set: write \\$ for a dollar sign, also within quotes",
      );
}
