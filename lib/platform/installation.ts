import Database from "libsql";
import type pg from "pg";
import { ConfigurationError } from "./configuration-error";
import { derivedKeys } from "./crypto/derived-key";
import { connect } from "./db/migrations/migrate-postgres";
import { reasonOf } from "./db/migrations/migration";
import { sqlitePath } from "./db/url";
import { env } from "./env";
import { log } from "./log";

/** The id of the one row. */
export const INSTALLATION_ID = "this";

/** Hexadecimal characters of a fingerprint: 128 bits tell secrets apart and give none away. */
const FINGERPRINT_LENGTH = 32;

/** How long to wait for another process's write, in milliseconds. */
const LOCK_WAIT_MS = 10_000;

/** What is noted of an installation. */
interface Installation {
  /** Where visitors reach it. */
  origin: string;
  /** Fingerprints of the secrets in use, with spaces between them. */
  secrets: string;
}

/**
 * Notes in the database where this installation is and which secret it has, at every start and before the app has a client.
 * Instances with different secrets would not open each other's emails and codes, so on PostgreSQL one whose secret nobody
 * there knows does not start. A start that knows a noted secret, as its own or as a former one, leaves noted those it knows:
 * so a change can be rolled out, and rolled back, one instance after the other, and is over once a start no longer names the
 * former secret. SQLite has one machine, whose operator may change the secret as they like.
 * @throws ConfigurationError where the database is used with another secret, MigrationError where it cannot be reached
 */
export async function joinInstallation(): Promise<void> {
  const { databaseUrl, publicUrl } = env();
  const path = sqlitePath(databaseUrl);
  try {
    if (path === null) await joinOnPostgres(databaseUrl, publicUrl.origin);
    else noteInFile(path, publicUrl.origin);
  } catch (error) {
    if (error instanceof ConfigurationError || (error as Error).name === "MigrationError") throw error;
    log().warn(`This start is not noted in the database (${reasonOf(error)})`); // which may only read for a while
  }
}

async function joinOnPostgres(databaseUrl: string, origin: string): Promise<void> {
  const known = derivedKeys("latchkey fingerprint v1").map((key) =>
    key.toString("hex").slice(0, FINGERPRINT_LENGTH),
  );
  const client = await connect(databaseUrl);
  try {
    const before = await read(client, "");
    if (before?.origin === origin && before.secrets === agreedSecrets(before.secrets, known)) return;
    await client.query("BEGIN");
    await client.query(`INSERT INTO "Installation" VALUES ($1, $2, '') ON CONFLICT DO NOTHING`, [
      INSTALLATION_ID,
      origin,
    ]);
    const noted = await read(client, "FOR UPDATE"); // of several starts at once each sees what the one before has noted
    const secrets = agreedSecrets(noted?.secrets ?? "", known);
    await client.query(`UPDATE "Installation" SET "origin" = $1, "secrets" = $2`, [origin, secrets]);
    await client.query("COMMIT");
  } finally {
    await client.end().catch(() => {});
  }
}

async function read(client: pg.Client, lock: "" | "FOR UPDATE"): Promise<Installation | undefined> {
  const sql = `SELECT "origin", "secrets" FROM "Installation" WHERE "id" = $1 ${lock}`;
  return (await client.query<Installation>(sql, [INSTALLATION_ID])).rows[0];
}

function noteInFile(path: string, origin: string): void {
  const file = new Database(path, { timeout: LOCK_WAIT_MS });
  try {
    const noted = file.prepare(`SELECT 1 FROM "Installation" WHERE "origin" = ?`).get(origin);
    if (noted === undefined)
      file
        .prepare(
          `INSERT INTO "Installation" VALUES (?, ?, '') ON CONFLICT DO UPDATE SET "origin" = excluded."origin"`,
        )
        .run(INSTALLATION_ID, origin);
  } finally {
    file.close();
  }
}

/** What is noted from now on. @throws ConfigurationError where none of the secrets noted is known here */
function agreedSecrets(noted: string, known: string[]): string {
  const before = noted.split(" ").filter((fingerprint) => fingerprint !== "");
  const shared = before.filter((fingerprint) => known.includes(fingerprint));
  if (before.length > 0 && shared.length === 0)
    throw new ConfigurationError(
      "AUTH_SECRET is not the secret that this database is used with: give every instance the same one; where it has changed on purpose, name the former one in AUTH_SECRET_PREVIOUS, and where that is lost see OPERATING.md, A new AUTH_SECRET.",
    );
  return [...new Set([...known.slice(0, 1), ...shared])].join(" ");
}
