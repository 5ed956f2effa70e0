import "server-only";
import { usernameChangedEmail } from "../mail/emails/username-changed";
import type { ClientInfo } from "../platform/client-info";
import { db, type Tx } from "../platform/db";
import { isUniqueViolation } from "../platform/db/errors";
import { record } from "../security/audit";
import {
  assertUsernameIsFree,
  type FormerUsername,
  findFormerUsernames,
  keepFormerUsername,
  USERNAME_RESERVED_MS,
  UsernameReservedError,
} from "../security/former-usernames";
import { holdAccount } from "../security/hold-account";
import { USERNAME_LIMITS } from "../shared/limits";
import type { ChangeUsernameInput } from "../shared/profile-schemas";
import { canonical } from "../shared/schemas";
import { SECOND_MS } from "../shared/units";
import { type Throttled, throttled } from "./outcomes";
import { sendSecurityAlert } from "./security-alerts";

export type ChangeUsernameOutcome =
  | { ok: true }
  /** It is the account's own, to the letter. */
  | { ok: false; reason: "unchanged" }
  /** Another account has it, or can still take it back. */
  | { ok: false; reason: "taken" }
  | Throttled;

/** A name that an account can take back, and until when no other account gets it. */
export interface KeptUsername {
  username: string;
  until: Date;
}

/**
 * Gives an account another username. The former one is kept for it: no other account gets it for a while, and its owner can
 * take it back. Of two accounts that want one name at once the database's unique constraint decides. A security alert goes
 * out, because people know the account by its name.
 */
export async function changeUsername(
  { id: userId }: { id: string },
  { username }: ChangeUsernameInput,
  client: ClientInfo,
): Promise<ChangeUsernameOutcome> {
  try {
    return await db.$transaction((tx) => rename(userId, username, client, tx));
  } catch (error) {
    if (!isUniqueViolation(error) && !(error instanceof UsernameReservedError)) throw error;
    return { ok: false, reason: "taken" };
  }
}

async function rename(
  userId: string,
  username: string,
  client: ClientInfo,
  tx: Tx,
): Promise<ChangeUsernameOutcome> {
  await holdAccount({ id: userId }, tx);
  const owner = await tx.user.findUniqueOrThrow({
    where: { id: userId },
    select: { id: true, username: true, usernameCanonical: true, email: true, emailCanonical: true },
  });
  if (owner.username === username) return { ok: false, reason: "unchanged" };
  const usernameCanonical = canonical(username);
  const wait = waitFor(usernameCanonical, owner, await findFormerUsernames(userId, tx));
  if (wait > 0) {
    await record("username-change-throttled", { userId }, client, tx);
    return throttled("usernames", wait);
  }
  const data = { username, usernameCanonical };
  await tx.user.update({ where: { id: userId }, data, select: { id: true } });
  await assertUsernameIsFree(usernameCanonical, userId, tx);
  const { username: former, usernameCanonical: formerCanonical } = owner;
  await keepFormerUsername(userId, { username: former, usernameCanonical: formerCanonical }, tx);
  await sendSecurityAlert({ ...owner, username }, usernameChangedEmail, client, tx);
  await record("username-changed", { userId }, client, tx);
  return { ok: true };
}

/**
 * How long a change has to wait, in seconds; 0: it may go on. Every change counts. One that takes a name back is admitted
 * above the limit for others, because it is promised that the name can be; for so many to and fro there is a limit too.
 */
function waitFor(
  usernameCanonical: string,
  owner: { usernameCanonical: string },
  former: FormerUsername[],
): number {
  const isReturn =
    usernameCanonical !== owner.usernameCanonical &&
    former.some((name) => name.usernameCanonical === usernameCanonical);
  const limit = isReturn ? USERNAME_LIMITS.changesAndReturns : USERNAME_LIMITS.changes;
  const decisive = former[limit - 1]; // the newest first: once this one is forgotten, there are fewer than the limit
  if (!decisive) return 0;
  return Math.max(1, Math.ceil((decisive.leftAt.getTime() + USERNAME_RESERVED_MS - Date.now()) / SECOND_MS));
}

/** The names that an account can take back, the one given up last first. */
export async function listKeptUsernames(user: { id: string; username: string }): Promise<KeptUsername[]> {
  const kept = new Map<string, KeptUsername>();
  for (const { username, usernameCanonical, leftAt } of await findFormerUsernames(user.id))
    if (usernameCanonical !== canonical(user.username) && !kept.has(usernameCanonical))
      kept.set(usernameCanonical, { username, until: new Date(leftAt.getTime() + USERNAME_RESERVED_MS) });
  return [...kept.values()];
}
