import "server-only";
import { db } from "./db";
import { isUniqueViolation } from "./db/errors";
import { hashPassword, passwordMatches } from "./password";
import { canonical, type LoginInput, type RegisterInput } from "./schemas";

export type TakenField = "username" | "email";
export type RegisterOutcome = { ok: true } | { ok: false; taken: TakenField[] };

/**
 * Makes an account. Taken fields are named all at once, before any insert; when two people race for one name the
 * database's unique constraint decides and the loser gets the same answer.
 */
export async function register(input: RegisterInput): Promise<RegisterOutcome> {
  const keys = { usernameCanonical: canonical(input.username), emailCanonical: canonical(input.email) };
  const taken = await findTaken(keys);
  if (taken.length > 0) return { ok: false, taken };

  const passwordHash = await hashPassword(input.password);
  try {
    await db.user.create({
      data: { username: input.username, email: input.email, ...keys, passwordHash },
      select: { id: true },
    });
    return { ok: true };
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    // The constraint names one field; looking again names both. Nobody there any more means the winner has just left.
    const takenNow = await findTaken(keys);
    return takenNow.length > 0 ? { ok: false, taken: takenNow } : register(input);
  }
}

/**
 * The id of the account that email and password open; null for an unknown email and for a wrong password alike,
 * after the same work (ASVS v5.0.0-6.3.8).
 */
export async function authenticate({
  email,
  password,
}: Pick<LoginInput, "email" | "password">): Promise<string | null> {
  const user = await db.user.findUnique({
    where: { emailCanonical: canonical(email) },
    select: { id: true, passwordHash: true },
  });
  const matches = await passwordMatches(password, user?.passwordHash ?? null);
  return user && matches ? user.id : null;
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
