import "server-only";
import { accountErasedEmail } from "../mail/emails/account-erased";
import { withdrawEmailsTo } from "../mail/emails-to";
import { enqueueEmail } from "../mail/outbox";
import { NO_CLIENT } from "../platform/client-info";
import { db, type Tx } from "../platform/db";
import { atOnce, type Pace } from "../platform/db/in-batches";
import { logEvent } from "../platform/log";
import { anonymizeHistory } from "../security/audit";
import { holdAccount } from "../security/hold-account";
import { findBrowserIds } from "../security/known-browsers";
import { forgetCounts } from "../security/rate-limits/account-limits";
import { forgetFailures } from "../security/rate-limits/login-limits";
import { forgetWrongCodes } from "../security/rate-limits/second-factor-limits";
import type { LinkPurpose } from "../shared/links";
import { eachByItself } from "./each-by-itself";

/** Accounts erased in one pass at most: each is a transaction of its own. The next pass goes on. */
export const ERASURES_PER_PASS = 500;

/** Which accounts are to be erased. */
type Due = { deleteAt?: { lte: Date }; lockedByOperatorAt?: null; linkTokens?: object };

/**
 * Erases the accounts whose owners have asked for it, once the time to think it over is past: {@link erase} says what
 * goes. One that the operator keeps locked stays until that lock ends. So does one while a former address can still be
 * taken back: whoever asked may have been a thief.
 * @returns how many
 */
export async function eraseAccounts(now: number, pace: Pace = atOnce): Promise<number> {
  const isDue = {
    deleteAt: { lte: new Date(now) },
    lockedByOperatorAt: null,
    linkTokens: {
      none: { purpose: "restore-email" satisfies LinkPurpose, expiresAt: { gt: new Date(now) } },
    },
  };
  const users = await db.user.findMany({
    where: isDue,
    orderBy: { deleteAt: "asc" },
    take: ERASURES_PER_PASS,
    select: { id: true },
  });
  let erased = 0;
  await eachByItself(users, async ({ id }) => {
    if (!(await pace())) return false;
    if (await erase(id, isDue, pace)) erased++;
    return true;
  });
  return erased;
}

/**
 * The same for one account, at once and whether or not anybody has asked for it.
 * @returns false when there is no such account
 */
export function eraseAccount(id: string): Promise<boolean> {
  return erase(id, {}, atOnce);
}

/**
 * Deletes an account with all that hangs on it, makes its history anonymous, takes back the emails that wait for it, and
 * forgets what was counted of it. The username and the address are free then. An address that was confirmed is told.
 * @returns false when it was told to stop, or the account is not due any more: it stays
 */
async function erase(id: string, due: Due, pace: Pace): Promise<boolean> {
  const isDue = async (tx: Tx) =>
    (await holdAccount({ id }, tx)) && (await tx.user.count({ where: { id, ...due } })) > 0;
  // Both may take long, so they come before the transaction; the history last, which an account that is kept meanwhile needs.
  if (!(await withdrawEmailsTo(await addressesOf(id), new Date(), pace))) return false;
  if (!(await anonymizeHistory(id, isDue, pace))) return false;
  const isGone = await db.$transaction(async (tx) => {
    if (!(await isDue(tx))) return false;
    const browserIds = await findBrowserIds(id, tx);
    const { username, email, emailCanonical, emailVerified } = await tx.user.delete({
      where: { id }, // sessions, browsers, links and connections go with it
      select: { username: true, email: true, emailCanonical: true, emailVerified: true },
    });
    await tx.linkToken.deleteMany({ where: { userId: null, email: emailCanonical } });
    await forgetFailures(emailCanonical, tx, browserIds);
    await forgetWrongCodes(id, tx);
    await forgetCounts(id, tx);
    if (emailVerified !== null) await enqueueEmail(accountErasedEmail({ email, username }), tx);
    return true;
  });
  if (isGone) logEvent("account-erased", { ...NO_CLIENT, userId: id }); // no row: it would name nobody
  return isGone;
}

/** Its address, and a former one as long as that is kept for it: no other account has either. */
async function addressesOf(id: string): Promise<string[]> {
  const keepsAddress = { purpose: "restore-email" satisfies LinkPurpose, expiresAt: { gt: new Date() } };
  const user = await db.user.findUnique({
    where: { id },
    select: { emailCanonical: true, linkTokens: { where: keepsAddress, select: { email: true } } },
  });
  return user ? [user.emailCanonical, ...user.linkTokens.map(({ email }) => email)] : [];
}
