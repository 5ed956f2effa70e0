import { randomBytes } from "node:crypto";
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ConfigurationError, type Env } from "../platform/env";

/** Random bytes in a secret we make: 256 bits. */
const SECRET_BYTES = 32;

/**
 * The secret next-auth signs with: the one given, else the one kept in the data folder, made at the first start with
 * mode 600. Several starting at once agree on one.
 * @throws ConfigurationError for a public address without a secret of its own.
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

  const file = join(dataDir, "auth-secret");
  const draft = `${file}.${process.pid}`;
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    writeFileSync(draft, randomBytes(SECRET_BYTES).toString("base64url"), { mode: 0o600 });
    linkIfAbsent(draft, file); // a link appears whole or not at all, and only for the first
    rmSync(draft);
    return readFileSync(file, "utf8").trim();
  } catch (error) {
    throw new ConfigurationError(`DATA_DIR ${dataDir} cannot be written to (${reasonOf(error)}).`);
  }
}

function linkIfAbsent(existing: string, path: string): void {
  try {
    linkSync(existing, path);
  } catch (error) {
    if (reasonOf(error) !== "EEXIST") throw error;
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}
