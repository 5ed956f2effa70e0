import "server-only";
import { db, type Tx } from "../../platform/db";
import {
  FACTOR_CHANGE_LIMITS,
  HALF_DONE_ALERT_LIMITS,
  SECOND_FACTOR_LIMITS,
  WRONG_CODE_ALERT_LIMITS,
} from "../../shared/limits";
import { consumeBackoff, readBackoffs } from "./backoff";
import { consumeAll } from "./limit";
import { makeWindow } from "./window";

// Whoever is asked for a second factor has shown the first, so strangers without the password cannot make an owner wait. A
// thief who has it can: so a browser that the account knows has a count of its own, and recovery codes are counted apart.

/** What is tried, each with its own count. */
export type SecondFactorKind = "code" | "recovery-code";

/** One try of a second factor. It is counted as a failure until it succeeds. */
export type SecondFactorAttempt =
  | { ok: true; succeed(): Promise<void> }
  | { ok: false; retryAfterSeconds: number };

export const SECOND_FACTOR_KINDS = ["code", "recovery-code"] as const satisfies SecondFactorKind[];

/** What an owner is told of apart, where no second proof comes behind it: each asks something else of them. */
type FirstProofKind = "password" | "provider";

const FIRST_PROOF_KINDS = ["password", "provider"] as const satisfies FirstProofKind[];

const { longestWaitSeconds, failuresBeforeAlert } = SECOND_FACTOR_LIMITS;

const changesOfAccount = makeWindow(
  "factor-change",
  FACTOR_CHANGE_LIMITS.perAccount,
  FACTOR_CHANGE_LIMITS.windowSeconds,
);

const alertsOfAccount = makeWindow(
  "wrong-code-alert",
  WRONG_CODE_ALERT_LIMITS.perAccount,
  WRONG_CODE_ALERT_LIMITS.windowSeconds,
);

const halfDoneAlertsOfAccount = makeWindow(
  "half-done-alert",
  HALF_DONE_ALERT_LIMITS.perAccount,
  HALF_DONE_ALERT_LIMITS.windowSeconds,
);

/**
 * Counts one try before anything is compared, exactly however many come at once. After
 * {@link SECOND_FACTOR_LIMITS.failuresBeforeWait} failures the waits grow to an hour and no further: nobody is locked out for
 * good (ASVS v5.0.0-6.3.1, 6.6.3).
 * @param browserId by which the account knows the browser; null: it does not
 */
export async function consumeSecondFactor(
  kind: SecondFactorKind,
  userId: string,
  browserId: string | null,
): Promise<SecondFactorAttempt> {
  const key = keyOf(kind, userId, browserId);
  const attempt = await consumeBackoff(key, (await readBackoffs([key])).get(key), longestWaitSeconds);
  if (!attempt.ok) return attempt;
  return { ok: true, succeed: async () => void (await db.loginBackoff.deleteMany({ where: { key } })) };
}

/** True where wrong codes are so many that the owner is to be told, which counts as told. Once a day. */
export async function mayTellOfWrongCodes(
  kind: SecondFactorKind,
  userId: string,
  browserId: string | null,
): Promise<boolean> {
  const key = keyOf(kind, userId, browserId);
  const failures = (await readBackoffs([key])).get(key)?.failures ?? 0;
  return failures >= failuresBeforeAlert && (await alertsOfAccount.consume(userId)).ok;
}

/**
 * True where the owner is to be told of a login that waits for its second proof, which counts as told. Once an hour for each
 * kind of first proof: who has shown one must not keep the owner from hearing of another.
 */
export async function mayTellOfHalfDone(userId: string, kind: FirstProofKind): Promise<boolean> {
  return (await halfDoneAlertsOfAccount.consume(`${userId}:${kind}`)).ok;
}

/** Begins anew to tell of those: the one to be told of has gone on. */
export async function forgetHalfDoneAlert(userId: string, tx: Tx): Promise<void> {
  for (const kind of FIRST_PROOF_KINDS) await halfDoneAlertsOfAccount.forget(`${userId}:${kind}`, tx);
}

/** Forgets wrong codes: the operator says so. False when there were none. */
export async function forgetWrongCodes(userId: string, tx: Tx): Promise<boolean> {
  const kinds = SECOND_FACTOR_KINDS.map((kind) => ({ key: { startsWith: `${kind}:` } }));
  const { count } = await tx.loginBackoff.deleteMany({ where: { account: userId, OR: kinds } });
  return count > 0;
}

/**
 * Forgets wrong recovery codes, with a new password: whoever counted them up to keep the owner out had the former one. Nobody
 * guesses one of 120 bits; wrong codes of an app, of 20, stay counted.
 */
export async function forgetWrongRecoveryCodes(userId: string, tx: Tx): Promise<void> {
  const kind: SecondFactorKind = "recovery-code";
  await tx.loginBackoff.deleteMany({ where: { account: userId, key: { startsWith: `${kind}:` } } });
}

/**
 * Counts one change of an account's second factors, each of which tells its owner.
 * @returns null: go on; otherwise how long to wait, in seconds
 */
export async function consumeFactorChange(userId: string): Promise<number | null> {
  return consumeAll([{ window: changesOfAccount, key: userId }]);
}

/** Begins to count those changes and alerts about wrong codes anew: the ones before were of somebody who is kept out now. */
export async function forgetFactorChanges(userId: string, tx: Tx): Promise<void> {
  await changesOfAccount.forget(userId, tx);
  await alertsOfAccount.forget(userId, tx);
  await forgetHalfDoneAlert(userId, tx);
}

function keyOf(kind: SecondFactorKind, userId: string, browserId: string | null): string {
  return `${kind}:${userId}:${browserId ?? "unknown"}`;
}
