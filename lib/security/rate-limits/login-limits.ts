import "server-only";
import { clientNetwork, widestNetwork } from "../../platform/address";
import type { ClientInfo } from "../../platform/client-info";
import { db, type Tx } from "../../platform/db";
import { inBatches, type Pace } from "../../platform/db/in-batches";
import { LOGIN_LIMITS } from "../../shared/limits";
import type { Attempt } from "./attempt";
import {
  type Backoff,
  consumeBackoff,
  consumeFading,
  consumeFirst,
  fadingWaitSeconds,
  isForgotten,
  readBackoffs,
  retryAfterSeconds,
} from "./backoff";
import { consumeEach, consumeInTurn, digest, longestWait, makeNetworkWindow } from "./limit";
import { SECOND_FACTOR_KINDS } from "./second-factor-limits";
import { makeWindow } from "./window";

// Failures are counted where they are guesses: at an account and a network, a network over all accounts, and an account over
// all networks. Right passwords are counted as well, because comparing one takes as long: at an account and at a network.

/** One login, asked for before its password is compared. It is counted as a failure until it succeeds. */
export type LoginAttempt = { ok: true; succeed(): Promise<void> } | { ok: false; retryAfterSeconds: number };

type Client = Pick<ClientInfo, "ip">;

const {
  failuresPerNetwork,
  networkWindowSeconds,
  failuresInARow,
  failuresInARowOfNetwork,
  loginsPerNetwork,
  loginsPerAccount,
  firstLogins,
  loginWindowSeconds,
} = LOGIN_LIMITS;

const failuresOfNetwork = makeNetworkWindow("login", failuresPerNetwork, networkWindowSeconds);
const loginsOfNetwork = makeNetworkWindow("login-network", loginsPerNetwork, loginWindowSeconds);
const loginsOfAccount = makeWindow("login-account", loginsPerAccount, loginWindowSeconds);
/** The same count, held to a lower limit. */
const firstLoginsOfAccount = makeWindow("login-account", firstLogins, loginWindowSeconds);

/**
 * How long an attempt to log in has to wait, in seconds; 0: it may go on. Changes nothing, so that one that is refused here
 * waits in no queue and writes no row.
 * @param browserId from `findKnownBrowser`
 */
export async function findLoginWait(
  emailCanonical: string,
  browserId: string | null,
  client: Client,
): Promise<number> {
  return (await readCounts(digest(emailCanonical), browserId, client)).wait;
}

/** What is counted now that an attempt to log in meets. */
interface Counts {
  /** How long it has to wait, in seconds; 0: it may go on. */
  wait: number;
  /** The failures at the account, by their keys. */
  backoffs: Map<string, Backoff>;
  /** The key of the failures of a browser that the account knows; null for a stranger, and for one that counts as a stranger. */
  ofKnown: string | null;
}

async function readCounts(account: string, browserId: string | null, client: Client): Promise<Counts> {
  const ofBrowser = browserId === null ? null : browserKey(account, browserId);
  const keys = [...strangersKeys(account, client), ...(ofBrowser === null ? [] : [ofBrowser])];
  const [afterLogins, networkWait, backoffs] = await Promise.all([
    waitAfterLogins(account, browserId, client),
    longestWait(failuresOfNetwork(client)),
    readBackoffs(keys),
  ]);
  const ofKnown = ofBrowser === null || isStrange(backoffs.get(ofBrowser)) ? null : ofBrowser;
  const afterFailures =
    ofKnown === null
      ? Math.max(networkWait, waitOfStranger(account, client, backoffs))
      : retryAfterSeconds(backoffs.get(ofKnown));
  return { wait: Math.max(afterLogins, afterFailures), backoffs, ofKnown };
}

/**
 * Counts one attempt to log in, before the account is looked up or anything hashed. It stays counted as a failure unless
 * it succeeds, which also clears what the account and this client had failed before. Addresses without an account are
 * counted just the same, so the answer does not tell them apart (ASVS v5.0.0-6.3.1, 6.3.8). Of the failures at an account
 * a browser that it knows is held back by its own alone: strangers cannot keep the owner out.
 *
 * What is in work counts as a failure, so call this when the attempt's turn to be compared has come.
 * @param browserId from `findKnownBrowser`
 */
export async function consumeLogin(
  emailCanonical: string,
  browserId: string | null,
  client: Client,
): Promise<LoginAttempt> {
  const account = digest(emailCanonical);
  const { wait, backoffs, ofKnown } = await readCounts(account, browserId, client);
  if (wait > 0) return { ok: false, retryAfterSeconds: wait }; // refused attempts write nothing

  const failure =
    ofKnown === null
      ? await consumeAsStranger(account, client, backoffs)
      : await consumeBackoff(ofKnown, backoffs.get(ofKnown));
  if (!failure.ok) return failure;
  // Of a known browser every attempt counts as a login: the next right one clears its failures.
  if (browserId !== null) await countLogin(account, browserId, client);
  return {
    ok: true,
    async succeed() {
      await failure.refund();
      const keys = strangersKeys(account, client);
      if (browserId !== null) keys.push(browserKey(account, browserId));
      await db.loginBackoff.deleteMany({ where: { key: { in: keys } } });
      if (browserId === null) await countLogin(account, null, client);
    },
  };
}

/**
 * How long until one more right password may be compared, in seconds; 0: now. A known browser waits at the account for its own
 * alone: who has the password, and not the second factor, must not keep the owner out. A network that has had its logins does not hold
 * back a known browser that has hardly sent any meanwhile: that is one of many people there.
 */
async function waitAfterLogins(account: string, browserId: string | null, client: Client): Promise<number> {
  const [accountWait, networkWait] = await Promise.all([
    loginsOfAccount.retryAfterSeconds(browserId === null ? account : loginsKey(account, browserId)),
    longestWait(loginsOfNetwork(client)),
  ]);
  const isQuiet =
    networkWait > 0 &&
    browserId !== null &&
    (await firstLoginsOfAccount.retryAfterSeconds(loginsKey(account, browserId))) === 0;
  return Math.max(accountWait, isQuiet ? 0 : networkWait);
}

async function countLogin(account: string, browserId: string | null, client: Client): Promise<void> {
  const keys = [account, ...(browserId === null ? [] : [loginsKey(account, browserId)])];
  const ofAccount = keys.map((key) => ({ window: loginsOfAccount, key }));
  for (const { window, key } of [...ofAccount, ...loginsOfNetwork(client)]) await window.consume(key);
}

/** True for a known browser that has failed so often that it counts as a stranger: its cookie may be in other hands. */
function isStrange(backoff: Backoff | undefined): boolean {
  return backoff !== undefined && backoff.failures >= failuresInARow && !isForgotten(backoff);
}

/** What it answers refunds the windows alone: a success deletes the other rows. */
async function consumeAsStranger(
  account: string,
  client: Client,
  backoffs: Map<string, Backoff>,
): Promise<Attempt> {
  const rows = await consumeAtAccount(account, client, backoffs);
  if (!rows.ok) return rows;
  const networks = await consumeEach(failuresOfNetwork(client));
  if (!networks.ok) await rows.refund();
  return networks;
}

/**
 * All clients without a network share one count at an account, its owner among them. They wait for each other's failures,
 * but not for long, and no number of failures shuts the account.
 * @param backoffs what was read of {@link strangersKeys}
 */
async function consumeAtAccount(
  account: string,
  client: Client,
  backoffs: Map<string, Backoff>,
): Promise<Attempt> {
  const keys = strangersKeys(account, client);
  const [ofPair, ofShare, ofAccount] = keys;
  if (clientNetwork(client.ip) === null)
    return consumeBackoff(ofPair, backoffs.get(ofPair), LOGIN_LIMITS.longestWaitUnknownSeconds);

  const isFirst = keys.every((key) => !backoffs.has(key));
  const first = isFirst ? await consumeFirst(keys) : null;
  return (
    first ??
    consumeInTurn([
      () => consumeBackoff(ofPair, backoffs.get(ofPair)),
      () => consumeFading(ofShare, backoffs.get(ofShare), failuresInARowOfNetwork),
      () => consumeFading(ofAccount, backoffs.get(ofAccount), failuresInARow),
    ])
  );
}

/** How long a browser that the account does not know has to wait for failures at that account, in seconds; 0: it may go on. */
function waitOfStranger(account: string, client: Client, backoffs: Map<string, Backoff>): number {
  const [ofPair, ofShare, ofAccount] = strangersKeys(account, client);
  const pairWait = retryAfterSeconds(backoffs.get(ofPair));
  if (clientNetwork(client.ip) === null) return pairWait; // no number of failures shuts the account
  return Math.max(
    pairWait,
    fadingWaitSeconds(backoffs.get(ofShare), failuresInARowOfNetwork),
    fadingWaitSeconds(backoffs.get(ofAccount), failuresInARow),
  );
}

/**
 * Forgets all failed logins at an account, and its logins: after its password was reset, or when the operator says so.
 * @param browserIds the browsers that the account knows, whose own logins are forgotten too
 * @returns false when there were no failures
 */
export async function forgetFailures(
  emailCanonical: string,
  tx: Tx = db,
  browserIds: string[] = [],
): Promise<boolean> {
  const account = digest(emailCanonical);
  for (const key of [account, ...browserIds.map((id) => loginsKey(account, id))])
    await loginsOfAccount.forget(key, tx);
  // A release before the column, which may still be running beside this one, fills in the key alone.
  const where = { OR: [{ account }, { key: `account:${account}` }] };
  const { count } = await tx.loginBackoff.deleteMany({ where });
  return count > 0;
}

/** Deletes failures that no longer count, one condition after the other: each has an index. Answers how many counts. */
export async function purgeFailures(pace: Pace): Promise<number> {
  const before = (seconds: number) => ({ lt: new Date(Date.now() - seconds * 1000) });
  const { forgottenAfterSeconds, fadesAfterSeconds } = LOGIN_LIMITS;
  const faded = before(failuresInARow * fadesAfterSeconds);
  const forgotten = before(forgottenAfterSeconds);
  let total = 0;
  const kinds = [
    ...["pair", "browser", ...SECOND_FACTOR_KINDS].map((kind) => ({ kind, failedAt: forgotten })),
    ...["account", "share"].map((kind) => ({ kind, failedAt: faded })),
  ];
  for (const { kind, failedAt } of kinds) {
    const where = { key: { startsWith: `${kind}:` }, failedAt };
    total += await inBatches((limit) => db.loginBackoff.deleteMany({ where, limit }), pace);
  }
  return total;
}

/** What counts failures of browsers that the account does not know: at it from their network, from all around that, from all. */
function strangersKeys(account: string, { ip }: Client): [pair: string, share: string, all: string] {
  const [network, widest] = [clientNetwork(ip) ?? "unknown", widestNetwork(ip) ?? "unknown"];
  return [`pair:${account}:${network}`, `share:${account}:${widest}`, `account:${account}`];
}

const loginsKey = (account: string, browserId: string) => `${account}:${browserId}`;

const browserKey = (account: string, id: string) => `browser:${account}:${id}`;
