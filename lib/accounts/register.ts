import "server-only";
import type { ClientInfo } from "../platform/client-info";
import { db } from "../platform/db";
import { isUniqueViolation } from "../platform/db/errors";
import { env, features } from "../platform/env";
import { record } from "../security/audit";
import {
  assertUsernameIsFree,
  isUsernameReserved,
  UsernameReservedError,
} from "../security/former-usernames";
import type { HashSlot } from "../security/passwords/hashing";
import { hashPassword, requesterOf, reserveHashSlot } from "../security/passwords/password";
import { findBreach, findWeakness, type Weakness } from "../security/passwords/password-policy";
import {
  consumeRegistration,
  countRegistrationEmail,
  findRegistrationEmailWait,
} from "../security/rate-limits/email-limits";
import { isReserved } from "../security/ways-back";
import { canonical } from "../shared/canonical";
import type { RegisterInput } from "../shared/schemas";
import { type Throttled, throttled } from "./outcomes";
import { enqueueVerification } from "./verification-email";

export type TakenField = "username" | "email";

export type RegisterOutcome =
  | { ok: true }
  | { ok: false; reason: "taken"; fields: TakenField[] }
  | { ok: false; reason: "weak-password"; weakness: Weakness }
  | Throttled;

/** What no two accounts have in common. */
interface Keys {
  usernameCanonical: string;
  emailCanonical: string;
}

/**
 * Makes an account. Taken fields are named all at once, before any insert; when two people race for one name the
 * database's unique constraint decides and the loser gets the same answer.
 * @throws HashQueueFullError when too many others wait already, before anything is counted
 */
export async function register(input: RegisterInput, client: ClientInfo): Promise<RegisterOutcome> {
  // Before the limit: trying passwords until one is good enough tells nothing about others, so it is not counted.
  const weakness = await findWeakness(input.password, input);
  if (weakness) return { ok: false, reason: "weak-password", weakness };
  // Before anything is counted: when too many others wait for a hash, that takes no registration from anybody.
  const slot = await reserveHashSlot(requesterOf(client, canonical(input.email)));
  try {
    const wait = await consumeRegistration(client);
    if (wait !== null) return await refuseForNow(wait, client);
    const breach = await findBreach(input.password); // asks another server, so it comes after the limits
    if (breach) return { ok: false, reason: "weak-password", weakness: breach };
    return await create(input, slot, client);
  } finally {
    slot.release();
  }
}

async function create(input: RegisterInput, slot: HashSlot, client: ClientInfo): Promise<RegisterOutcome> {
  const keys = { usernameCanonical: canonical(input.username), emailCanonical: canonical(input.email) };
  const taken = await findTaken(keys);
  if (taken.length > 0) return { ok: false, reason: "taken", fields: taken };
  // The address may be another's, and free again once it was corrected: that must not send its owner emails without end.
  const wait = features().mail ? await findRegistrationEmailWait(keys.emailCanonical) : 0;
  if (wait > 0) return refuseForNow(wait, client);
  const passwordHash = await hashPassword(input.password, slot);
  for (;;) {
    const userId = await insert(input, keys, passwordHash, client);
    if (userId !== null) {
      if (features().mail) await countRegistrationEmail(keys.emailCanonical);
      await record("registered", { userId }, client);
      return { ok: true };
    }
    // The constraint names one field; looking again names both. When neither is taken now, the winner has just been deleted.
    const takenNow = await findTaken(keys);
    if (takenNow.length > 0) return { ok: false, reason: "taken", fields: takenNow };
  }
}

/** Makes the account and sends its email; null when somebody else has been quicker. */
async function insert(
  input: RegisterInput,
  keys: Keys,
  passwordHash: string,
  client: ClientInfo,
): Promise<string | null> {
  const { username, email } = input;
  const wasConfirmationRequired = env().requireVerifiedEmail;
  try {
    return await db.$transaction(async (tx) => {
      const { id } = await tx.user.create({
        data: { username, email, ...keys, passwordHash, wasConfirmationRequired },
        select: { id: true },
      });
      await assertUsernameIsFree(keys.usernameCanonical, id, tx);
      await enqueueVerification(id, client, tx);
      return id;
    });
  } catch (error) {
    if (isUniqueViolation(error) || error instanceof UsernameReservedError) return null;
    throw error;
  }
}

async function refuseForNow(retryAfterSeconds: number, client: ClientInfo): Promise<Throttled> {
  await record("registration-throttled", { userId: null }, client);
  return throttled("accounts", retryAfterSeconds);
}

async function findTaken(keys: Keys): Promise<TakenField[]> {
  const others = await db.user.findMany({
    where: { OR: [{ usernameCanonical: keys.usernameCanonical }, { emailCanonical: keys.emailCanonical }] },
    select: { usernameCanonical: true, emailCanonical: true },
  });
  const taken: TakenField[] = [];
  if (
    others.some((other) => other.usernameCanonical === keys.usernameCanonical) ||
    (await isUsernameReserved(keys.usernameCanonical, null))
  )
    taken.push("username");
  if (
    others.some((other) => other.emailCanonical === keys.emailCanonical) ||
    (await isReserved(keys.emailCanonical, null))
  )
    taken.push("email");
  return taken;
}
