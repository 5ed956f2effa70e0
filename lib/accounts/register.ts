import "server-only";
import type { ClientInfo } from "../platform/client-info";
import { db } from "../platform/db";
import { isUniqueViolation } from "../platform/db/errors";
import { env, features } from "../platform/env";
import { record } from "../security/audit";
import { isReserved } from "../security/link-tokens";
import { hashPassword, requesterOf } from "../security/passwords/password";
import { findBreach, findWeakness, type Weakness } from "../security/passwords/password-policy";
import { consumeRegistration, consumeRegistrationEmail } from "../security/rate-limits/rate-limits";
import { canonical, type RegisterInput } from "../shared/schemas";
import { type Throttled, throttled } from "./outcomes";
import { enqueueVerification } from "./verification-email";

export type TakenField = "username" | "email";

export type RegisterOutcome =
  | { ok: true }
  | { ok: false; reason: "taken"; fields: TakenField[] }
  | { ok: false; reason: "weak-password"; weakness: Weakness }
  | Throttled;

/**
 * Makes an account. Taken fields are named all at once, before any insert; when two people race for one name the
 * database's unique constraint decides and the loser gets the same answer.
 */
export async function register(input: RegisterInput, client: ClientInfo): Promise<RegisterOutcome> {
  // Before the limit: trying passwords until one is good enough tells nothing about others, so it is not counted.
  const weakness = await findWeakness(input.password, input);
  if (weakness) return { ok: false, reason: "weak-password", weakness };
  const wait = await consumeRegistration(client);
  if (wait !== null) return refuseForNow(wait, client);
  const breach = await findBreach(input.password); // asks another server, so it comes after the limits
  if (breach) return { ok: false, reason: "weak-password", weakness: breach };
  return create(input, client);
}

async function create(input: RegisterInput, client: ClientInfo): Promise<RegisterOutcome> {
  const keys = { usernameCanonical: canonical(input.username), emailCanonical: canonical(input.email) };
  const taken = await findTaken(keys);
  if (taken.length > 0) return { ok: false, reason: "taken", fields: taken };
  // The address may be another's, and free again once it was corrected: that must not send its owner emails without end.
  const email = features().mail ? await consumeRegistrationEmail(keys.emailCanonical) : null;
  if (email && !email.ok) return refuseForNow(email.retryAfterSeconds, client);

  const passwordHash = await hashPassword(input.password, requesterOf(client, keys.emailCanonical));
  try {
    const user = await db.$transaction(async (tx) => {
      const made = await tx.user.create({
        data: {
          username: input.username,
          email: input.email,
          ...keys,
          passwordHash,
          wasConfirmationRequired: env().requireVerifiedEmail,
        },
        select: { id: true },
      });
      await enqueueVerification(made.id, client, tx);
      return made;
    });
    await record("registered", { userId: user.id }, client);
    return { ok: true };
  } catch (error) {
    await email?.refund();
    if (!isUniqueViolation(error)) throw error;
    // The constraint names one field; looking again names both. When neither is taken now, the winner has just been deleted.
    const takenNow = await findTaken(keys);
    return takenNow.length > 0 ? { ok: false, reason: "taken", fields: takenNow } : create(input, client);
  }
}

async function refuseForNow(retryAfterSeconds: number, client: ClientInfo): Promise<Throttled> {
  await record("registration-throttled", { userId: null }, client);
  return throttled("accounts", retryAfterSeconds);
}

async function findTaken(keys: { usernameCanonical: string; emailCanonical: string }): Promise<TakenField[]> {
  const others = await db.user.findMany({
    where: { OR: [{ usernameCanonical: keys.usernameCanonical }, { emailCanonical: keys.emailCanonical }] },
    select: { usernameCanonical: true, emailCanonical: true },
  });
  const taken: TakenField[] = [];
  if (others.some((other) => other.usernameCanonical === keys.usernameCanonical)) taken.push("username");
  if (
    others.some((other) => other.emailCanonical === keys.emailCanonical) ||
    (await isReserved(keys.emailCanonical, null))
  )
    taken.push("email");
  return taken;
}
