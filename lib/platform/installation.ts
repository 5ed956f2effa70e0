import "server-only";
import { ConfigurationError } from "./configuration-error";
import { derivedKeys } from "./crypto/derived-key";
import { db } from "./db";
import { isDatabaseUnavailable } from "./db/errors";
import { sqlitePath } from "./db/url";
import { env } from "./env";
import { logError } from "./log";

/** The id of the one row. */
const ID = "this";

/** Hexadecimal characters of a fingerprint: 128 bits tell secrets apart and give none away. */
const FINGERPRINT_LENGTH = 32;

/**
 * Notes in the database where this installation is and which secret it has, at every start. Instances with different secrets
 * would not open each other's emails and codes, so on PostgreSQL one whose secret nobody there knows does not start. A start
 * that knows a noted secret, as its own or as a former one, leaves noted those it knows: so a change can be rolled out, and
 * rolled back, one instance after the other, and is over once a start no longer names the former secret. SQLite has one
 * machine, whose operator may change the secret as they like.
 * @throws ConfigurationError where the database is used with another secret
 */
export async function joinInstallation(): Promise<void> {
  const { origin } = env().publicUrl;
  const known = derivedKeys("latchkey fingerprint v1").map((key) =>
    key.toString("hex").slice(0, FINGERPRINT_LENGTH),
  );
  const noted = await db.installation.findUnique({
    where: { id: ID },
    select: { origin: true, secrets: true },
  });
  if (noted?.origin === origin && noted.secrets === agreedSecrets(noted.secrets, known)) return;
  try {
    await db.$transaction(async (tx) => {
      const { secrets } = await tx.installation.upsert({
        where: { id: ID },
        create: { id: ID, origin, secrets: "" },
        update: { origin }, // which locks the row: of several starts at once each sees what the one before has noted
        select: { secrets: true },
      });
      const data = { secrets: agreedSecrets(secrets, known) };
      await tx.installation.update({ where: { id: ID }, data, select: { id: true } });
    });
  } catch (error) {
    if (!isDatabaseUnavailable(error)) throw error;
    logError(error); // it only reads at the moment, and so do the pages
  }
}

/** Where the installation was at its last start; null: there was none. */
export async function lastOrigin(): Promise<string | null> {
  const noted = await db.installation.findUnique({ where: { id: ID }, select: { origin: true } });
  return noted?.origin ?? null;
}

/** What is noted from now on. @throws ConfigurationError where none of the secrets noted is known here */
function agreedSecrets(noted: string, known: string[]): string {
  const before = noted.split(" ").filter((fingerprint) => fingerprint !== "");
  const shared = before.filter((fingerprint) => known.includes(fingerprint));
  if (before.length > 0 && shared.length === 0 && sqlitePath(env().databaseUrl) === null)
    throw new ConfigurationError(
      "AUTH_SECRET is not the secret that this database is used with: give every instance the same one; where it has changed on purpose, name the former one in AUTH_SECRET_PREVIOUS, and where that is lost see OPERATING.md, A new AUTH_SECRET.",
    );
  return [...new Set([...known.slice(0, 1), ...shared])].join(" ");
}
