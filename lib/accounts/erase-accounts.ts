import "server-only";
import { accountErasedEmail } from "../mail/emails/account-erased";
import { enqueueEmail } from "../mail/outbox";
import { withdrawEmailsTo } from "../mail/withdraw-emails";
import { NO_CLIENT } from "../platform/client-info";
import { db, type Tx } from "../platform/db";
import { atOnce, type Pace } from "../platform/db/in-batches";
import { logEvent } from "../platform/log";
import { anonymizeHistory } from "../security/audit";
import { holdAccount } from "../security/hold-account";
import { forgetFailures } from "../security/rate-limits/login-limits";
import { forgetChanges } from "../security/rate-limits/rate-limits";
import type { LinkPurpose } from "../shared/links";

/** Accounts erased in one pass at most: each is a transaction of its own. The next pass goes on. */
export const ERASURES_PER_PASS = 500;

/** Which accounts are to be erased. */
type Due = { deleteAt?: { lte: Date }; lockedByOperatorAt?: null; linkTokens?: object };

/** An account as it was, and since when its address may be another's. */
interface Erased {
  emailCanonical: string;
  at: Date;
}

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
  const erased: Erased[] = [];
  for (const { id } of users) {
    if (!(await pace())) break;
    const gone = await erase(id, isDue, pace);
    if (gone) erased.push(gone);
  }
  await withdrawEmails(erased, pace);
  return erased.length;
}

/**
 * The same for one account, at once and whether or not anybody has asked for it.
 * @returns false when there is no such account
 */
export async function eraseAccount(id: string): Promise<boolean> {
  const gone = await erase(id, {}, atOnce);
  if (gone) await withdrawEmails([gone], atOnce);
  return gone !== null;
}

/**
 * Deletes an account with all that hangs on it, makes its history anonymous, and forgets what was counted of it. The
 * username and the address are free then. An address that was confirmed is told.
 * @returns null when it was told to stop, or the account is not due any more: it stays, but for history that is anonymous by now
 */
async function erase(id: string, isDue: Due, pace: Pace): Promise<Erased | null> {
  const isStillDue = async (tx: Tx) =>
    (await holdAccount({ id }, tx)) && (await tx.user.count({ where: { id, ...isDue } })) > 0;
  if (!(await anonymizeHistory(id, isStillDue, pace))) return null; // may be long, so before the transaction
  const gone = await db.$transaction(async (tx) => {
    await holdAccount({ id }, tx);
    const user = await tx.user.findFirst({
      where: { id, ...isDue },
      select: { username: true, email: true, emailCanonical: true, emailVerified: true },
    });
    if (!user) return null;
    const { username, email, emailCanonical, emailVerified } = user;
    await tx.user.delete({ where: { id }, select: { id: true } }); // sessions, browsers, links and connections go with it
    await tx.linkToken.deleteMany({ where: { userId: null, email: emailCanonical } });
    await forgetFailures(emailCanonical, tx);
    await forgetChanges(id, tx);
    const at = new Date();
    if (emailVerified !== null) await enqueueEmail(accountErasedEmail({ email, username }), tx);
    return { emailCanonical, at };
  });
  if (gone) logEvent("account-erased", { ...NO_CLIENT, userId: id }); // no row: it would name nobody
  return gone;
}

async function withdrawEmails(erased: Erased[], pace: Pace): Promise<void> {
  await withdrawEmailsTo(new Map(erased.map(({ emailCanonical, at }) => [emailCanonical, at])), pace);
}
