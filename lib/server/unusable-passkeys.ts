import Database from "libsql";
import { connect } from "../platform/db/migrations/migrate-postgres";
import { reasonOf } from "../platform/db/migrations/migration";
import { sqlitePath } from "../platform/db/url";
import type { Env } from "../platform/env";
import { log } from "../platform/log";

/** How long to wait for another process's write, in milliseconds. */
const LOCK_WAIT_MS = 10_000;

/** Accounts with passkeys of which none was made for this host, and without an app. For no host it counts all without an app. */
const sqlWith = (host: "?" | "$1") => `
  SELECT COUNT(DISTINCT "userId") AS "accounts" FROM "Passkey" AS "one"
  WHERE NOT EXISTS (SELECT 1 FROM "Authenticator" WHERE "userId" = "one"."userId")
    AND NOT EXISTS (SELECT 1 FROM "Passkey" AS "other" WHERE "other"."userId" = "one"."userId" AND "other"."rpId" = ${host})`;

/**
 * Says at the start how many people another AUTH_URL, or PASSKEYS=false, keeps out where a second factor is required: their
 * passkeys count as one and work no more, because the password alone must not become enough by a setting.
 */
export async function noteUnusablePasskeys(settings: Env): Promise<void> {
  if (!settings.requireTwoFactor) return;
  try {
    const accounts = await countShutOut(settings);
    if (accounts === 0) return;
    const { publicUrl, features } = settings;
    const why = features.passkeys
      ? `were made for another host than ${publicUrl.hostname}`
      : "are off: by PASSKEYS=false, or because AUTH_URL is plain http or an IP address";
    log().warn(
      `REQUIRE_TWO_FACTOR is set, and ${accounts === 1 ? "1 account has" : `${accounts} accounts have`} no second factor but passkeys, which ${why}: their people cannot log in without your help, see OPERATING.md, Passkeys that do not work.`,
    );
  } catch (error) {
    log().warn(`Whether passkeys keep people out could not be looked up (${reasonOf(error)})`);
  }
}

async function countShutOut({ databaseUrl, publicUrl, features }: Env): Promise<number> {
  const host = features.passkeys ? publicUrl.hostname : null; // nothing equals null
  const path = sqlitePath(databaseUrl);
  if (path === null) return countOnPostgres(databaseUrl, host);
  const file = new Database(path, { timeout: LOCK_WAIT_MS });
  try {
    return Number((file.prepare(sqlWith("?")).get([host]) as { accounts: number }).accounts);
  } finally {
    file.close();
  }
}

async function countOnPostgres(databaseUrl: string, host: string | null): Promise<number> {
  const client = await connect(databaseUrl);
  try {
    const { rows } = await client.query<{ accounts: string }>(sqlWith("$1"), [host]);
    return Number(rows[0]?.accounts ?? 0);
  } finally {
    await client.end().catch(() => {});
  }
}
