import "server-only";
import { NO_CLIENT } from "../platform/client-info";
import { db, type Tx } from "../platform/db";
import { atOnce, type Pace } from "../platform/db/in-batches";
import { env } from "../platform/env";
import { logEvent } from "../platform/log";
import { anonymizeHistory } from "../security/audit";
import { holdAccount } from "../security/hold-account";
import { DAY_MS } from "../shared/units";
import { eachByItself } from "./each-by-itself";

/** Accounts that lapse in one pass at most: each is a write of its own. The next pass goes on. */
export const LAPSES_PER_PASS = 500;

/**
 * When an account is deleted unless its address is confirmed before; null: never. An email with a working link puts it off to
 * the end of that link.
 * @param linkEnd the end of the newest link that confirms the address
 */
export function lapseOf(
  user: { createdAt: Date; wasConfirmationRequired: boolean; firstLoginAt: Date | null },
  linkEnd: Date,
): Date | null {
  const { requireVerifiedEmail, unverifiedAccountDays } = env();
  if (!requireVerifiedEmail || !user.wasConfirmationRequired || user.firstLoginAt !== null) return null;
  return new Date(Math.max(user.createdAt.getTime() + unverifiedAccountDays * DAY_MS, linkEnd.getTime()));
}

/**
 * Deletes accounts that a confirmed address was required of when they were registered, and that have none in time: nobody
 * could use them, and their name and address are free again. Any other account stays, also one of these that has been
 * logged in to while the setting was off, that was just sent a link, or that the operator keeps locked. Without the setting
 * none is deleted: all of them can be used.
 * @returns how many
 */
export async function lapseAccounts(now: number, pace: Pace = atOnce): Promise<number> {
  const { requireVerifiedEmail, unverifiedAccountDays } = env();
  if (!requireVerifiedEmail) return 0;
  const hasLapsed = {
    wasConfirmationRequired: true,
    emailVerified: null,
    createdAt: { lt: new Date(now - unverifiedAccountDays * DAY_MS) },
    firstLoginAt: null,
    lockedByOperatorAt: null,
    linkTokens: { none: { expiresAt: { gt: new Date(now) } } }, // whatever it is for: a new password confirms too
  };
  const users = await db.user.findMany({
    where: hasLapsed,
    orderBy: { createdAt: "asc" },
    take: LAPSES_PER_PASS,
    select: { id: true },
  });
  let lapsed = 0;
  await eachByItself(users, async ({ id }) => {
    if (!(await pace())) return false;
    // Held, so that a link sent or a login admitted meanwhile keeps it.
    const isDue = async (tx: Tx) =>
      (await holdAccount({ id }, tx)) && (await tx.user.count({ where: { ...hasLapsed, id } })) > 0;
    if (!(await anonymizeHistory(id, isDue, pace))) return true; // told to stop, it stops before the next
    const isGone = await db.$transaction(async (tx) => {
      const isGone = await isDue(tx);
      if (isGone) await tx.user.delete({ where: { id }, select: { id: true } });
      return isGone;
    });
    if (!isGone) return true;
    logEvent("account-lapsed", { ...NO_CLIENT, userId: id }); // no row: it would name nobody
    lapsed++;
    return true;
  });
  return lapsed;
}
