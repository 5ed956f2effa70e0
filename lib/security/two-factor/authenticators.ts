import "server-only";
import { createHash } from "node:crypto";
import { derivedKey, derivedKeys } from "../../platform/crypto/derived-key";
import { seal, unseal } from "../../platform/crypto/seal";
import { db, type Tx } from "../../platform/db";
import { atOnce, inBatches, type Pace } from "../../platform/db/in-batches";
import { env } from "../../platform/env";
import { logError } from "../../platform/log";
import { stepsOf } from "./totp";

const KEY = "latchkey authenticator secret v1";

/** Hexadecimal characters that name a key: 32 bits tell the few that there are apart. */
const KEY_ID_LENGTH = 8;

/**
 * Gives an account an authenticator app, in place of the one it had. The transaction holds the account already.
 * @param step whose code has shown that the app has the secret: that code is not accepted again
 * @returns true when it had one
 */
export async function putAuthenticator(
  userId: string,
  secret: string,
  step: number,
  tx: Tx,
): Promise<boolean> {
  const hadOne = await dropAuthenticator(userId, tx);
  const data = { userId, ...sealed(userId, secret), lastStep: step, createdAt: new Date() };
  await tx.authenticator.create({ data, select: { id: true } });
  return hadOne;
}

/** False when there was none. The transaction holds the account already. */
export async function dropAuthenticator(userId: string, tx: Tx): Promise<boolean> {
  return (await tx.authenticator.deleteMany({ where: { userId } })).count > 0;
}

/** Since when an account has its authenticator app; null: it has none. */
export async function findAuthenticator(userId: string, tx: Tx = db): Promise<{ createdAt: Date } | null> {
  return tx.authenticator.findUnique({ where: { userId }, select: { createdAt: true } });
}

/**
 * Accepts a code of the account's app: one of now, of the 30 seconds before or of those after, and newer than any accepted
 * before. Of any number of tries at once with one code, one is accepted (ASVS v5.0.0-6.5.1). A secret that no known key opens
 * accepts none, and the log says so.
 */
export async function acceptCode(userId: string, code: string, now = Date.now()): Promise<boolean> {
  const app = await db.authenticator.findUnique({
    where: { userId },
    select: { id: true, sealed: true, lastStep: true },
  });
  const secret = app && secretIn(userId, app.sealed);
  if (!app || !secret) return false;
  for (const step of stepsOf(secret, code, now)) {
    const { count } = await db.authenticator.updateMany({
      where: { id: app.id, lastStep: { lt: step } },
      data: { lastStep: step },
    });
    if (count === 1) return true;
  }
  return false;
}

/**
 * Encrypts with the present key what is encrypted with a former one, so that AUTH_SECRET_PREVIOUS is not needed for long. An
 * operator's command may not know the keys, and leaves it to the server.
 * @returns how many
 */
export async function resealAuthenticators(pace: Pace = atOnce): Promise<number> {
  if (env().authSecret === undefined) return 0;
  const former = derivedKeys(KEY).slice(1).map(keyIdOf);
  if (former.length === 0) return 0;
  let after = "";
  return inBatches(async (limit) => {
    const apps = await db.authenticator.findMany({
      where: { keyId: { in: former }, id: { gt: after } },
      orderBy: { id: "asc" },
      take: limit,
      select: { id: true, userId: true, sealed: true },
    });
    after = apps.at(-1)?.id ?? after;
    for (const { id, userId, sealed: before } of apps) {
      const secret = secretIn(userId, before);
      if (secret !== null)
        await db.authenticator.updateMany({ where: { id, sealed: before }, data: sealed(userId, secret) });
    }
    return { count: apps.length };
  }, pace);
}

/** For one account, so that a row copied to another opens nothing there. */
function sealed(userId: string, secret: string): { sealed: string; keyId: string } {
  const key = derivedKey(KEY);
  return { sealed: seal(userId, secret, key), keyId: keyIdOf(key) };
}

function secretIn(userId: string, text: string): string | null {
  try {
    return unseal(userId, text, derivedKeys(KEY));
  } catch {
    logError(
      new Error(
        "an authenticator's secret was encrypted with an AUTH_SECRET that is not known any more: name it in AUTH_SECRET_PREVIOUS",
      ),
    );
    return null;
  }
}

function keyIdOf(key: Buffer): string {
  return createHash("sha256").update(key).digest("hex").slice(0, KEY_ID_LENGTH);
}
