import { randomBytes } from "node:crypto";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { ConfigurationError, type Env } from "../platform/env";
import { hardLink } from "../platform/hard-link";
import { SECRET_MIN } from "../platform/settings/secret";

/** Random bytes in a secret we make: 256 bits. */
const SECRET_BYTES = 32;

/** Where it is kept, in the data folder. */
const SECRET_FILE = "auth-secret";

/** The bit of a file's mode by which every user of the machine reads or writes it. */
const OTHERS = 0o007;

/**
 * The secret next-auth signs with: the one given, else the one kept in the data folder, made at the first start with
 * mode 600. Several starting at once agree on one.
 * @throws ConfigurationError for a public address without a secret of its own, and for a file that holds none.
 */
export function ensureAuthSecret(
  { authSecret, dataDir, isLocal, publicUrl }: Env,
  isProduction: boolean,
): string {
  if (authSecret !== undefined) return authSecret;
  if (isProduction && !isLocal)
    throw new ConfigurationError(
      `AUTH_SECRET must be set for the public address ${publicUrl.origin}: make one with \`openssl rand -base64 32\` and keep it in the environment.`,
    );

  const file = join(dataDir, SECRET_FILE);
  const kept = readSecret(file);
  if (kept !== null) return kept;
  const draft = besides(file);
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    writeFileSync(draft, randomBytes(SECRET_BYTES).toString("base64url"), { flag: "wx", mode: 0o600 });
    nameIfAbsent(draft, file);
    rmSync(draft, { force: true });
  } catch (error) {
    throw new ConfigurationError(`DATA_DIR ${dataDir} cannot be written to (${reasonOf(error)}).`);
  }
  const made = readSecret(file);
  if (made === null)
    throw new ConfigurationError(`The file ${file} leads nowhere: remove it, and a start makes a new one.`);
  return made;
}

/** The secret that a start has kept in the data folder, for a command that is given none. Null: there is none to be read. */
export function findKeptSecret(dataDir: string): string | null {
  try {
    return readSecret(join(dataDir, SECRET_FILE));
  } catch {
    return null; // a start says what is wrong with it
  }
}

/**
 * The secret in a file; null: there is no such file.
 * @throws ConfigurationError where it cannot be read, is no secret, or is everybody's to read
 */
function readSecret(file: string): string | null {
  try {
    const stats = statSync(file);
    if (!stats.isFile()) throw unusable(file, "is not a file: remove it");
    if (process.platform !== "win32" && (stats.mode & OTHERS) !== 0 && keepsModes(dirname(file)))
      throw unusable(
        file,
        `can be read by every user of this machine: \`chmod 600\` it, or remove it where one of them may have done so`,
      );
    const text = secretIn(readFileSync(file));
    if (text === null)
      throw unusable(
        file,
        `holds no secret of ${SECRET_MIN} characters or more in one line: put back the one from your backup, or remove the file`,
      );
    return text;
  } catch (error) {
    if (error instanceof ConfigurationError) throw error;
    if (reasonOf(error) === "ENOENT") return null;
    if (reasonOf(error) === "ENOTDIR")
      throw new ConfigurationError(`DATA_DIR cannot be used: a part of ${file} is no folder.`);
    throw unusable(
      file,
      `cannot be read (${reasonOf(error)}): give it to the user that runs this, with mode 600`,
    );
  }
}

/** What a start takes from such a file; null: it refuses that. White space around it is an editor's and not its own. */
export function secretIn(file: Buffer): string | null {
  const text = file.toString("utf8").trim();
  return text.length < SECRET_MIN || /[\s\p{C}\ufffd]/u.test(text) ? null : text;
}

function unusable(file: string, why: string): ConfigurationError {
  return new ConfigurationError(
    `The file ${file}, which holds the secret where AUTH_SECRET is not set, ${why}. Without it a start makes a new secret, and emails that wait for sending under the old one stay unsent.`,
  );
}

/**
 * False where every file has the mode that the mount gives it, as on exFAT: who may read there is said by the mount alone, of
 * the database as well.
 */
function keepsModes(folder: string): boolean {
  const probe = besides(join(folder, "mode"));
  try {
    writeFileSync(probe, "", { flag: "wx", mode: 0o600 });
    return (statSync(probe).mode & OTHERS) === 0;
  } catch {
    return true; // it cannot be told, so the file's own mode counts
  } finally {
    rmSync(probe, { force: true });
  }
}

/** Gives a file the name, whole or not at all, and only for the first of several starts. */
function nameIfAbsent(existing: string, path: string): void {
  try {
    if (!hardLink(existing, path)) moveIfAbsent(existing, path);
  } catch (error) {
    if (reasonOf(error) !== "EEXIST") throw error;
  }
}

/** How long another start may take to move its file into place, in milliseconds. */
const MOVE_WAIT_MS = 2_000;

/**
 * The same without links: a rename replaces what is there, so only the holder of a second file may rename, which every file
 * system gives to one alone.
 */
function moveIfAbsent(existing: string, path: string): void {
  const guard = `${path}.making`;
  for (const end = Date.now() + MOVE_WAIT_MS; !createIfAbsent(guard); pause())
    if (Date.now() > end) throw new Error(`${guard} is left from a start that was killed: remove it`);
  try {
    if (!existsSync(path)) renameSync(existing, path);
  } finally {
    rmSync(guard);
  }
}

/** A name that no other start has, in whichever container: every one of them has a process 1. */
function besides(file: string): string {
  return `${file}.${randomBytes(6).toString("hex")}`;
}

function createIfAbsent(path: string): boolean {
  try {
    closeSync(openSync(path, "wx", 0o600));
    return true;
  } catch (error) {
    if (reasonOf(error) === "EEXIST") return false;
    throw error;
  }
}

function pause(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
}

function reasonOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}
