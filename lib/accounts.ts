import "server-only";
import { record } from "./audit";
import type { Caller } from "./caller";
import { db } from "./db";
import { isUniqueViolation } from "./db/errors";
import { isKnownDevice } from "./device";
import { HashQueueFullError, hashPassword, needsRehash, passwordMatches, takeHashPlace } from "./password";
import { findBreach, findWeakness, type Weakness } from "./password-policy";
import { takeLogin, takeRegistration } from "./rate-limit";
import { canonical, type LoginInput, type RegisterInput } from "./schemas";

export type TakenField = "username" | "email";

export type RegisterOutcome =
  | { ok: true }
  | { ok: false; reason: "taken"; fields: TakenField[] }
  | { ok: false; reason: "weak-password"; weakness: Weakness }
  | { ok: false; reason: "throttled"; retryAfterSeconds: number };

export type LoginOutcome =
  | { ok: true; userId: string; deviceToken: string }
  /** Unknown email or wrong password; which of them is not told. */
  | { ok: false; reason: "refused" }
  | { ok: false; reason: "throttled"; retryAfterSeconds: number };

/**
 * Makes an account. Taken fields are named all at once, before any insert; when two people race for one name the
 * database's unique constraint decides and the loser gets the same answer.
 */
export async function register(input: RegisterInput, caller: Caller): Promise<RegisterOutcome> {
  // Trying passwords until one is good enough tells nobody anything, so it uses nothing up.
  const weakness = await findWeakness(input.password, input);
  if (weakness) return { ok: false, reason: "weak-password", weakness };
  const retryAfterSeconds = await takeRegistration(caller);
  if (retryAfterSeconds !== null) {
    await record("registration-throttled", { userId: null }, caller);
    return { ok: false, reason: "throttled", retryAfterSeconds };
  }
  const breach = await findBreach(input.password); // asks another server, so it comes after the limits
  if (breach) return { ok: false, reason: "weak-password", weakness: breach };
  return create(input, caller);
}

async function create(input: RegisterInput, caller: Caller): Promise<RegisterOutcome> {
  const keys = { usernameCanonical: canonical(input.username), emailCanonical: canonical(input.email) };
  const taken = await findTaken(keys);
  if (taken.length > 0) return { ok: false, reason: "taken", fields: taken };

  const passwordHash = await hashPassword(input.password);
  try {
    const user = await db.user.create({
      data: { username: input.username, email: input.email, ...keys, passwordHash },
      select: { id: true },
    });
    await record("registered", { userId: user.id }, caller);
    return { ok: true };
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    // The constraint names one field; looking again names both. Nobody there any more means the winner has just left.
    const takenNow = await findTaken(keys);
    return takenNow.length > 0 ? { ok: false, reason: "taken", fields: takenNow } : create(input, caller);
  }
}

/**
 * Whose account email and password open. An unknown email and a wrong password get the same answer after the same work
 * (ASVS v5.0.0-6.3.8); too many failures are turned away before any work, known address or not.
 * @throws HashQueueFullError when too many others wait already, before anything is counted
 */
export async function authenticate(
  { email, password }: Pick<LoginInput, "email" | "password">,
  caller: Caller,
): Promise<LoginOutcome> {
  const emailCanonical = canonical(email);
  const isKnown = isKnownDevice(caller.device, emailCanonical) !== null;
  const place = takeHashPlace(isKnown); // before anything is counted: nobody fails whose password is never looked at
  try {
    const admission = await takeLogin(emailCanonical, caller);
    if (!admission.ok) {
      await record("login-throttled", { userId: null }, caller);
      return { ok: false, reason: "throttled", retryAfterSeconds: admission.retryAfterSeconds };
    }
    const user = await db.user.findUnique({
      where: { emailCanonical },
      select: { id: true, passwordHash: true },
    });
    const matches = await passwordMatches(password, user?.passwordHash ?? null, place);
    if (!user?.passwordHash || !matches) {
      await record("login-failed", { userId: user?.id ?? null }, caller);
      return { ok: false, reason: "refused" };
    }
    const deviceToken = await admission.succeeded();
    if (needsRehash(user.passwordHash)) await rehash(user.id, user.passwordHash, password);
    await record("login", { userId: user.id }, caller);
    return { ok: true, userId: user.id, deviceToken };
  } finally {
    place.leave();
  }
}

/** Replaces a hash of an older kind or a lower cost, unless the password was changed meanwhile. A rush puts it off. */
async function rehash(userId: string, oldHash: string, password: string): Promise<void> {
  const passwordHash = await hashPassword(password).catch((error: unknown) => {
    if (error instanceof HashQueueFullError) return null;
    throw error;
  });
  if (passwordHash === null) return;
  await db.user.updateMany({ where: { id: userId, passwordHash: oldHash }, data: { passwordHash } });
}

async function findTaken(keys: { usernameCanonical: string; emailCanonical: string }): Promise<TakenField[]> {
  const others = await db.user.findMany({
    where: { OR: [{ usernameCanonical: keys.usernameCanonical }, { emailCanonical: keys.emailCanonical }] },
    select: { usernameCanonical: true, emailCanonical: true },
  });
  const taken: TakenField[] = [];
  if (others.some((other) => other.usernameCanonical === keys.usernameCanonical)) taken.push("username");
  if (others.some((other) => other.emailCanonical === keys.emailCanonical)) taken.push("email");
  return taken;
}
