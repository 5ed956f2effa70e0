import "server-only";
import { createHash } from "node:crypto";
import { clientNetwork } from "../../platform/address";
import type { ClientInfo } from "../../platform/client-info";
import { db, type Tx } from "../../platform/db";
import { LETTER_LIMITS, LOGIN_LIMITS, REGISTRATION_LIMITS } from "../../shared/limits";
import { isKnownDevice, signDevice } from "../known-browsers";
import { type Backoff, readBackoffs, secondsToWait, takeTurn } from "./backoff";
import { makeWindow, type Window } from "./window";

// All counts live in the app's own database, which every process and instance shares. When it does not answer, neither do
// we: the error goes on to the caller and nobody is let in uncounted.

export type LoginAdmission =
  /** `succeeded` is called once the password fitted: it clears the counts and answers the new device token. */
  { ok: true; succeeded(): Promise<string> } | { ok: false; retryAfterSeconds: number };

const failuresOfNetwork = makeWindow(
  "login",
  LOGIN_LIMITS.failuresPerNetwork,
  LOGIN_LIMITS.networkWindowSeconds,
);
const registrationsAnHour = makeWindow(
  "register-hour",
  REGISTRATION_LIMITS.perHour,
  REGISTRATION_LIMITS.hourSeconds,
);
const registrationsADay = makeWindow(
  "register-day",
  REGISTRATION_LIMITS.perDay,
  REGISTRATION_LIMITS.daySeconds,
);
const lettersOfNetwork = makeWindow("letter-network", LETTER_LIMITS.perNetwork, LETTER_LIMITS.windowSeconds);
const lettersToAddress = makeWindow("letter-address", LETTER_LIMITS.perAddress, LETTER_LIMITS.windowSeconds);

/**
 * Takes one attempt to log in, before anything is looked up or hashed: it counts as a failure unless `succeeded` is
 * called. Addresses without an account are counted just the same, so the answer does not tell them apart
 * (ASVS v5.0.0-6.3.1, 6.3.8). A browser that has logged in to this account before answers for its own failures only:
 * strangers cannot keep the owner out.
 */
export async function takeLogin(emailCanonical: string, client: ClientInfo): Promise<LoginAdmission> {
  const deviceId = isKnownDevice(client.browserToken, emailCanonical);
  return (
    (deviceId === null ? null : await takeAsKnown(emailCanonical, deviceId, client)) ??
    (await takeAsStranger(emailCanonical, client))
  );
}

/** Null when the browser has failed so often that it is a stranger like any other: its cookie may be in other hands. */
async function takeAsKnown(
  emailCanonical: string,
  deviceId: string,
  client: ClientInfo,
): Promise<LoginAdmission | null> {
  const key = deviceKey(emailCanonical, deviceId);
  const backoff = (await readBackoffs([key])).get(key);
  if (isAtTheEnd(backoff)) return null;
  const turn = await takeTurn(key, backoff);
  return turn.ok ? { ok: true, succeeded: () => welcome(emailCanonical, client) } : turn;
}

async function takeAsStranger(emailCanonical: string, client: ClientInfo): Promise<LoginAdmission> {
  const network = clientNetwork(client.ip);
  const [ofAccount, ofPair] = [accountKey(emailCanonical), pairKey(emailCanonical, network)];
  const [backoffs, networkWait] = await Promise.all([
    readBackoffs([ofAccount, ofPair]),
    failuresOfNetwork.secondsToWait(network),
  ]);
  if (isAtTheEnd(backoffs.get(ofAccount))) return SHUT;
  const retryAfterSeconds = Math.max(networkWait, secondsToWait(backoffs.get(ofPair)));
  if (retryAfterSeconds > 0) return { ok: false, retryAfterSeconds }; // a flood of these writes nothing

  const pairTurn = await takeTurn(ofPair, backoffs.get(ofPair));
  if (!pairTurn.ok) return pairTurn;
  const networkTurn = await failuresOfNetwork.take(network);
  if (!networkTurn.ok) {
    await pairTurn.giveBack();
    return networkTurn;
  }
  if (!(await countInARow(ofAccount))) {
    await Promise.all([pairTurn.giveBack(), networkTurn.giveBack()]);
    return SHUT;
  }
  return {
    ok: true,
    async succeeded() {
      await networkTurn.giveBack();
      return welcome(emailCanonical, client);
    },
  };
}

const SHUT = { ok: false, retryAfterSeconds: LOGIN_LIMITS.shutRetrySeconds } as const;

function isAtTheEnd(backoff: Backoff | undefined): boolean {
  return backoff !== undefined && backoff.failures >= LOGIN_LIMITS.failuresInARow;
}

/** Counts one more failure in a row against the account; false when it had them all. One statement: none is lost. */
async function countInARow(key: string): Promise<boolean> {
  const now = new Date();
  const { failures } = await db.loginBackoff.upsert({
    where: { key },
    create: { key, failures: 1, failedAt: now, opensAt: now },
    update: { failures: { increment: 1 }, failedAt: now },
    select: { failures: true },
  });
  return failures <= LOGIN_LIMITS.failuresInARow;
}

/** After the right password: what was held against the account and this browser is forgotten, and the browser known. */
async function welcome(emailCanonical: string, client: ClientInfo): Promise<string> {
  const deviceId = isKnownDevice(client.browserToken, emailCanonical);
  const keys = [accountKey(emailCanonical), pairKey(emailCanonical, clientNetwork(client.ip))];
  if (deviceId !== null) keys.push(deviceKey(emailCanonical, deviceId));
  await db.loginBackoff.deleteMany({ where: { key: { in: keys } } });
  return signDevice(emailCanonical, client.browserToken);
}

/**
 * Takes one registration; every one that passed validation counts, also when a name turns out to be taken, since that
 * answer tells who has an account. Null: go on. Otherwise how long to wait, in seconds.
 */
export async function takeRegistration(client: ClientInfo): Promise<number | null> {
  const network = clientNetwork(client.ip);
  return takeBoth([registrationsAnHour, network], [registrationsADay, network]);
}

/**
 * Takes one letter that a visitor wants sent to an address they typed, whether or not anybody has it here. Null: go on.
 * Otherwise how long to wait, in seconds.
 */
export async function takeLetter(emailCanonical: string, client: ClientInfo): Promise<number | null> {
  return takeBoth([lettersOfNetwork, clientNetwork(client.ip)], [lettersToAddress, digest(emailCanonical)]);
}

/** Takes one of each or neither. Null: taken; otherwise how long to wait, in seconds. */
async function takeBoth(
  [first, firstKey]: [Window, string],
  [second, secondKey]: [Window, string],
): Promise<number | null> {
  const waits = await Promise.all([first.secondsToWait(firstKey), second.secondsToWait(secondKey)]);
  if (Math.max(...waits) > 0) return Math.max(...waits);

  const firstTurn = await first.take(firstKey);
  if (!firstTurn.ok) return firstTurn.retryAfterSeconds;
  const secondTurn = await second.take(secondKey);
  if (secondTurn.ok) return null;
  await firstTurn.giveBack();
  return secondTurn.retryAfterSeconds;
}

/**
 * Lets everyone try again at an account: after its password was reset, or when the operator says so.
 * @returns false when nothing was held against it
 */
export async function unlock(emailCanonical: string, tx: Tx = db): Promise<boolean> {
  const { count } = await tx.loginBackoff.deleteMany({
    where: {
      OR: [
        { key: accountKey(emailCanonical) },
        { key: { startsWith: pairKey(emailCanonical, "") } },
        { key: { startsWith: deviceKey(emailCanonical, "") } },
      ],
    },
  });
  return count > 0;
}

/** Removes what no longer counts. The server calls it at start and once an hour; to call it more often does no harm. */
export async function purgeThrottling(): Promise<void> {
  const ago = (seconds: number) => ({ lt: new Date(Date.now() - seconds * 1000) });
  const { failuresInARow, forgottenAfterSeconds, rowKeptSeconds } = LOGIN_LIMITS;
  const isOpen = { failures: { lt: failuresInARow } };
  await db.rateLimit.deleteMany({ where: { expire: ago(0) } });
  await db.loginBackoff.deleteMany({
    where: {
      OR: [
        { key: { startsWith: "pair:" }, failedAt: ago(forgottenAfterSeconds) },
        { key: { startsWith: "device:" }, failedAt: ago(forgottenAfterSeconds), ...isOpen },
        { key: { startsWith: "account:" }, failedAt: ago(rowKeptSeconds), ...isOpen },
      ],
    },
  });
}

const accountKey = (emailCanonical: string) => `account:${digest(emailCanonical)}`;
const pairKey = (emailCanonical: string, network: string) => `pair:${digest(emailCanonical)}:${network}`;
const deviceKey = (emailCanonical: string, id: string) => `device:${digest(emailCanonical)}:${id}`;

/** What is typed may be the address of someone who has no account here, so it is not kept. */
function digest(emailCanonical: string): string {
  return createHash("sha256").update(emailCanonical).digest("hex");
}
