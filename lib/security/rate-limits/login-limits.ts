import "server-only";
import { clientNetwork, widestNetwork } from "../../platform/address";
import type { ClientInfo } from "../../platform/client-info";
import { db, type Tx } from "../../platform/db";
import { LOGIN_LIMITS } from "../../shared/limits";
import type { Attempt } from "./attempt";
import {
  consumeBackoff,
  consumeFading,
  fadingWaitSeconds,
  isForgotten,
  readBackoffs,
  retryAfterSeconds,
} from "./backoff";
import { consumeEach, digest, longestWait, makeNetworkWindow } from "./limit";
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
  failuresInARowPerNetwork,
  loginsPerNetwork,
  loginsPerAccount,
  loginsOfQuietAccount,
  loginWindowSeconds,
} = LOGIN_LIMITS;

const failuresOfNetwork = makeNetworkWindow("login", failuresPerNetwork, networkWindowSeconds);
const loginsOfNetwork = makeNetworkWindow("login-network", loginsPerNetwork, loginWindowSeconds);
const loginsOfAccount = makeWindow("login-account", loginsPerAccount, loginWindowSeconds);
/** The same count, held to a lower limit. */
const loginsOfQuietOne = makeWindow("login-account", loginsOfQuietAccount, loginWindowSeconds);

/**
 * Counts one attempt to log in, before the account is looked up or anything hashed. It stays counted as a failure unless
 * it succeeds, which also clears what the account and this client had failed before. Addresses without an account are
 * counted just the same, so the answer does not tell them apart (ASVS v5.0.0-6.3.1, 6.3.8). The failures of a browser that
 * the account knows are counted by themselves as well, and only those hold it back: strangers cannot keep the owner out.
 *
 * Logins are counted when the password was right, so as many as are compared at once may exceed their limits.
 * @param browserId from `findKnownBrowser`
 */
export async function consumeLogin(
  emailCanonical: string,
  browserId: string | null,
  client: Client,
): Promise<LoginAttempt> {
  const account = digest(emailCanonical);
  const wait = await waitAfterLogins(account, browserId !== null, client);
  if (wait > 0) return { ok: false, retryAfterSeconds: wait }; // refused attempts write nothing

  const network = clientNetwork(client.ip);
  const failure =
    (browserId === null ? null : await consumeAsKnown(account, browserId, client)) ??
    (network === null
      ? await consumeWithoutNetwork(account)
      : await consumeAsStranger(account, network, client));
  if (!failure.ok) return failure;
  return {
    ok: true,
    async succeed() {
      await failure.refund();
      const keys = [
        accountKey(account),
        pairKey(account, network),
        shareKey(account, widestNetwork(client.ip)),
      ];
      if (browserId !== null) keys.push(browserKey(account, browserId));
      await db.loginBackoff.deleteMany({ where: { key: { in: keys } } });
      const logins = [{ window: loginsOfAccount, key: account }, ...loginsOfNetwork(client)];
      for (const { window, key } of logins) await window.consume(key);
    },
  };
}

/**
 * How long until one more right password may be compared, in seconds; 0: now. A network that has had its logins does not hold
 * back a known browser of an account that has hardly logged in meanwhile: that is one of many people there.
 */
async function waitAfterLogins(account: string, isKnown: boolean, client: Client): Promise<number> {
  const [accountWait, networkWait] = await Promise.all([
    loginsOfAccount.retryAfterSeconds(account),
    longestWait(loginsOfNetwork(client)),
  ]);
  const isQuiet = networkWait > 0 && isKnown && (await loginsOfQuietOne.retryAfterSeconds(account)) === 0;
  return Math.max(accountWait, isQuiet ? 0 : networkWait);
}

/** Null when the browser has failed so often that it is counted as a stranger: its cookie may be in other hands. */
async function consumeAsKnown(account: string, browserId: string, client: Client): Promise<Attempt | null> {
  const key = browserKey(account, browserId);
  const backoff = (await readBackoffs([key])).get(key);
  if (backoff && backoff.failures >= failuresInARow && !isForgotten(backoff)) return null;
  const attempt = await consumeBackoff(key, backoff);
  if (!attempt.ok) return attempt;
  // Its network counts it, and does not hold it back: others may have failed there.
  const ofNetworks = await consumeEach(failuresOfNetwork(client));
  return ofNetworks.ok ? ofNetworks : { ok: true, refund: async () => {} };
}

/**
 * All clients without a network share one count at an account, its owner among them. They wait for each other's failures,
 * but not for long, and no number of failures shuts the account.
 */
async function consumeWithoutNetwork(account: string): Promise<Attempt> {
  const key = pairKey(account, null);
  const backoffs = await readBackoffs([key]);
  return consumeBackoff(key, backoffs.get(key), LOGIN_LIMITS.longestWaitUnknownSeconds);
}

/** What it answers refunds the windows alone: a success deletes the other rows. */
async function consumeAsStranger(account: string, network: string, client: Client): Promise<Attempt> {
  const ofAccount = accountKey(account);
  const ofPair = pairKey(account, network);
  const ofShare = shareKey(account, widestNetwork(client.ip));
  const ofNetworks = failuresOfNetwork(client);
  const [backoffs, networkWait] = await Promise.all([
    readBackoffs([ofAccount, ofPair, ofShare]),
    longestWait(ofNetworks),
  ]);
  const wait = Math.max(
    networkWait,
    retryAfterSeconds(backoffs.get(ofPair)),
    fadingWaitSeconds(backoffs.get(ofAccount), failuresInARow),
  );
  if (wait > 0) return { ok: false, retryAfterSeconds: wait };

  const pair = await consumeBackoff(ofPair, backoffs.get(ofPair));
  if (!pair.ok) return pair;
  const networks = await consumeEach(ofNetworks);
  if (!networks.ok) {
    await pair.refund();
    return networks;
  }
  // A network that has had its share of the failures in a row adds no more: it waits, and shuts no account by itself.
  const share = await consumeFading(ofShare, backoffs.get(ofShare), failuresInARowPerNetwork);
  if (!share.ok) return networks;
  const inARow = await consumeFading(ofAccount, backoffs.get(ofAccount), failuresInARow);
  if (inARow.ok) return networks;
  await Promise.all([pair.refund(), networks.refund(), share.refund()]);
  return inARow;
}

/**
 * Forgets all failed logins at an account: after its password was reset, or when the operator says so.
 * @returns false when there were none
 */
export async function forgetFailures(emailCanonical: string, tx: Tx = db): Promise<boolean> {
  const account = digest(emailCanonical);
  const { count } = await tx.loginBackoff.deleteMany({
    where: {
      OR: [
        { key: accountKey(account) },
        ...[pairKey, shareKey, browserKey].map((keyOf) => ({ key: { startsWith: keyOf(account, "") } })),
      ],
    },
  });
  return count > 0;
}

/** Deletes failures that no longer count. */
export async function purgeFailures(): Promise<void> {
  const before = (seconds: number) => ({ lt: new Date(Date.now() - seconds * 1000) });
  const { forgottenAfterSeconds, fadesAfterSeconds } = LOGIN_LIMITS;
  const faded = before(failuresInARow * fadesAfterSeconds);
  await db.loginBackoff.deleteMany({
    where: {
      OR: [
        ...["pair:", "browser:"].map((kind) => ({
          key: { startsWith: kind },
          failedAt: before(forgottenAfterSeconds),
        })),
        ...["account:", "share:"].map((kind) => ({ key: { startsWith: kind }, failedAt: faded })),
      ],
    },
  });
}

const accountKey = (account: string) => `account:${account}`;
const pairKey = (account: string, network: string | null) => `pair:${account}:${network ?? "unknown"}`;
const shareKey = (account: string, network: string | null) => `share:${account}:${network ?? "unknown"}`;
const browserKey = (account: string, id: string) => `browser:${account}:${id}`;
