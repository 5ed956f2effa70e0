import "server-only";
import { type AuditEventName, record } from "./audit";
import type { Caller } from "./caller";
import { db, type Tx } from "./db";
import { isUniqueViolation } from "./db/errors";
import { isKnownDevice } from "./device";
import { env } from "./env";
import { changeEmailLetter } from "./mail/change-email";
import { emailChangeRequestedLetter } from "./mail/email-change-requested";
import { emailChangedLetter } from "./mail/email-changed";
import { emailRestoredLetter } from "./mail/email-restored";
import { emailTakenLetter } from "./mail/email-taken";
import type { Letter } from "./mail/letter";
import { newLoginLetter } from "./mail/new-login";
import { noAccountLetter } from "./mail/no-account";
import type { NoticeLink } from "./mail/notice";
import { canSendMail, post } from "./mail/outbox";
import { passwordChangedLetter } from "./mail/password-changed";
import { resetPasswordLetter } from "./mail/reset-password";
import { verifyEmailLetter } from "./mail/verify-email";
import {
  endMailTokens,
  findMailToken,
  isHeld,
  makeMailToken,
  newCode,
  spendMailCode,
  spendMailToken,
  type TokenOwner,
} from "./mail-token";
import { HashQueueFullError, hashPassword, needsRehash, passwordMatches, takeHashPlace } from "./password";
import { findBreach, findWeakness, type Weakness } from "./password-policy";
import { takeLetter, takeLogin, takeRegistration, unlock } from "./rate-limit";
import {
  type ChangeEmailInput,
  canonical,
  type ForgotPasswordInput,
  type LoginInput,
  type RegisterInput,
  type ResetPasswordInput,
  type VerifyCodeInput,
} from "./schemas";
import { openSession, revokeSessions } from "./session";

export type TakenField = "username" | "email";

export type RegisterOutcome =
  | { ok: true }
  | { ok: false; reason: "taken"; fields: TakenField[] }
  | { ok: false; reason: "weak-password"; weakness: Weakness }
  | { ok: false; reason: "throttled"; retryAfterSeconds: number };

export type LoginOutcome =
  | {
      ok: true;
      userId: string;
      deviceToken: string;
      /** Answers the session's token; null when the password compared is the account's no more. */
      openSession(isRemembered: boolean): Promise<string | null>;
    }
  /** Unknown email or wrong password; which of them is not told. */
  | { ok: false; reason: "refused" }
  /** The right password, and REQUIRE_VERIFIED_EMAIL: another letter is on its way. */
  | { ok: false; reason: "unverified" }
  | { ok: false; reason: "throttled"; retryAfterSeconds: number };

/** Whether a letter is on its way. */
export type LetterOutcome = { ok: true } | { ok: false; reason: "throttled"; retryAfterSeconds: number };

export type ResetPasswordOutcome =
  | { ok: true }
  /** Used before, too old, or never ours. */
  | { ok: false; reason: "link-spent" }
  | { ok: false; reason: "weak-password"; weakness: Weakness };

export type EmailChangeRequestOutcome =
  | { ok: true }
  | { ok: false; reason: "unchanged" }
  /** The wrong password. */
  | { ok: false; reason: "refused" }
  | { ok: false; reason: "throttled"; retryAfterSeconds: number };

export type MoveOutcome =
  | { ok: true }
  /** Used before, too old, replaced by a newer one, or never ours. */
  | { ok: false; reason: "link-spent" }
  /** Somebody else has got the address meanwhile. */
  | { ok: false; reason: "taken" };

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
    const user = await db.$transaction(async (tx) => {
      const made = await tx.user.create({
        data: { username: input.username, email: input.email, ...keys, passwordHash },
        select: { id: true, email: true, emailCanonical: true },
      });
      await postVerification(made, tx);
      return made;
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
  const proof = await provePassword(canonical(email), password, caller);
  if (!proof.ok) return proof;
  const { user, isKnown, deviceToken } = proof;
  const passwordHash = needsRehash(user.passwordHash) ? await rehash(user, password) : user.passwordHash;
  if (env().requireVerifiedEmail && user.emailVerified === null) {
    await record("login-unverified", { userId: user.id }, caller);
    await requestVerification(user, caller); // where there were too many, the last one still works
    return { ok: false, reason: "unverified" };
  }
  const isNews = !isKnown && (await hasLoggedInBefore(user.id));
  await record("login", { userId: user.id }, caller);
  if (isNews) await db.$transaction((tx) => notify(user, newLoginLetter, caller, tx));
  return {
    ok: true,
    userId: user.id,
    deviceToken,
    // A reset or a lock just now has ended every session, and this one shall not be forgotten.
    openSession: (isRemembered) =>
      db.$transaction(async (tx) =>
        (await keepsPassword({ id: user.id, passwordHash }, tx))
          ? openSession(user.id, isRemembered, caller, tx)
          : null,
      ),
  };
}

type PasswordProof =
  | { ok: true; user: Addressee & ProvenUser; isKnown: boolean; deviceToken: string }
  | { ok: false; reason: "refused" }
  | { ok: false; reason: "throttled"; retryAfterSeconds: number };

interface ProvenUser {
  emailVerified: Date | null;
  /** The hash the password was compared with. */
  passwordHash: string;
}

/** Compares a password under the login's limits, which hold wherever one is asked for, and notes each that failed. */
async function provePassword(
  emailCanonical: string,
  password: string,
  caller: Caller,
): Promise<PasswordProof> {
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
      select: { id: true, email: true, emailCanonical: true, emailVerified: true, passwordHash: true },
    });
    const matches = await passwordMatches(password, user?.passwordHash ?? null, place);
    if (!user?.passwordHash || !matches) {
      await record("login-failed", { userId: user?.id ?? null }, caller);
      return { ok: false, reason: "refused" };
    }
    const deviceToken = await admission.succeeded();
    return { ok: true, user: { ...user, passwordHash: user.passwordHash }, isKnown, deviceToken };
  } finally {
    place.leave();
  }
}

/**
 * Replaces a hash of an older kind or a lower cost, unless the password was changed meanwhile. A rush puts it off.
 * @returns the hash that stands for this password now
 */
async function rehash(
  { id, passwordHash: oldHash }: { id: string; passwordHash: string },
  password: string,
): Promise<string> {
  const passwordHash = await hashPassword(password).catch((error: unknown) => {
    if (error instanceof HashQueueFullError) return null;
    throw error;
  });
  if (passwordHash === null) return oldHash;
  const { count } = await db.user.updateMany({
    where: { id, passwordHash: oldHash },
    data: { passwordHash },
  });
  if (count === 1) return passwordHash;
  // Another login may have been quicker to do the same.
  const now = await db.user.findUnique({ where: { id }, select: { passwordHash: true } });
  return now?.passwordHash && (await passwordMatches(password, now.passwordHash))
    ? now.passwordHash
    : oldHash;
}

/** An account and the address it is written to. */
type Addressee = Pick<TokenOwner, "id" | "email" | "emailCanonical">;

/** Sends someone another letter to confirm their address with. */
export async function requestVerification(user: Addressee, caller: Caller): Promise<LetterOutcome> {
  const retryAfterSeconds = await takeLetter(user.emailCanonical, caller);
  if (retryAfterSeconds !== null) {
    await record("verification-throttled", { userId: user.id }, caller);
    return { ok: false, reason: "throttled", retryAfterSeconds };
  }
  await db.$transaction((tx) => postVerification(user, tx));
  await record("verification-requested", { userId: user.id }, caller);
  return { ok: true };
}

async function postVerification({ id, email, emailCanonical }: Addressee, tx: Tx): Promise<void> {
  if (!canSendMail()) return;
  const code = newCode();
  const made = await makeMailToken("verify-email", { userId: id, emailCanonical }, tx, code);
  await post(verifyEmailLetter(email, { ...made, code }), tx);
}

/** Confirms the address a link was sent to. False when the link does not work, any more or at all. */
export async function verifyEmail(token: string, caller: Caller): Promise<boolean> {
  return db.$transaction(async (tx) => confirm(await spendMailToken("verify-email", token, tx), caller, tx));
}

/** The same by the code from the letter. False as well for an address without an account. */
export async function verifyEmailByCode({ email, code }: VerifyCodeInput, caller: Caller): Promise<boolean> {
  const isVerified = await db.$transaction(async (tx) =>
    confirm(await spendMailCode("verify-email", canonical(email), code, tx), caller, tx),
  );
  if (!isVerified) await record("verification-failed", { userId: null }, caller);
  return isVerified;
}

async function confirm(owner: TokenOwner | null, caller: Caller, tx: Tx): Promise<boolean> {
  if (!owner) return false;
  await tx.user.update({
    where: { id: owner.id },
    data: { emailVerified: new Date() },
    select: { id: true },
  });
  await record("email-verified", { userId: owner.id }, caller, tx);
  return true;
}

/**
 * Sends a letter to an address: with a link to whoever has an account there, and to anyone else one that says that nobody
 * has. Both cost the same writes and get the same answer, so neither tells who has an account (ASVS v5.0.0-6.3.8).
 */
export async function requestPasswordReset(
  { email }: ForgotPasswordInput,
  caller: Caller,
): Promise<LetterOutcome> {
  const emailCanonical = canonical(email);
  const retryAfterSeconds = await takeLetter(emailCanonical, caller);
  if (retryAfterSeconds !== null) {
    await record("reset-throttled", { userId: null }, caller);
    return { ok: false, reason: "throttled", retryAfterSeconds };
  }
  const user = await db.user.findUnique({
    where: { emailCanonical },
    select: { id: true, email: true },
  });
  const userId = user?.id ?? null;
  await db.$transaction(async (tx) => {
    const made = await makeMailToken("reset-password", { userId, emailCanonical }, tx);
    await post(user ? resetPasswordLetter(user.email, made) : noAccountLetter(email, made.expiresAt), tx);
  });
  await record("reset-requested", { userId }, caller);
  return { ok: true };
}

/**
 * Sets the password of whoever the link was sent to, which confirms their address too. With it every session of the account ends, what failed logins have
 * shut opens, and the owner is told by letter; nobody is logged in (ASVS v5.0.0-6.4.3, 7.4.3). A link that does not work
 * costs no hash.
 */
export async function resetPassword(
  { token, password }: Pick<ResetPasswordInput, "password"> & { token: string },
  caller: Caller,
): Promise<ResetPasswordOutcome> {
  const owner = await findMailToken("reset-password", token);
  if (!owner) return { ok: false, reason: "link-spent" };
  const weakness = (await findWeakness(password, owner)) ?? (await findBreach(password));
  if (weakness) return { ok: false, reason: "weak-password", weakness };

  const passwordHash = await hashPassword(password); // slow on purpose, so before the transaction
  return db.$transaction(async (tx) => {
    const spent = await spendMailToken("reset-password", token, tx);
    if (!spent) return { ok: false, reason: "link-spent" };
    await tx.user.update({
      where: { id: spent.id },
      data: { passwordHash, emailVerified: new Date() },
      select: { id: true },
    });
    await revokeSessions(spent.id, tx);
    await endMailTokens(spent.id, ["change-email"], tx);
    await unlock(spent.emailCanonical, tx);
    await record("password-reset", { userId: spent.id }, caller, tx);
    await notify(spent, passwordChangedLetter, caller, tx);
    return { ok: true };
  });
}

/** False for the first login after registering: that it comes from a new device is no news. */
async function hasLoggedInBefore(userId: string): Promise<boolean> {
  const where = { userId, event: "login" satisfies AuditEventName };
  return (await db.auditEvent.findFirst({ where, select: { id: true } })) !== null;
}

/** Tells an owner what was done with their account, with a link for when it was not they who did it. */
async function notify(
  { id, email, emailCanonical }: Addressee,
  write: (email: string, caller: Caller, link: NoticeLink) => Letter,
  caller: Caller,
  tx: Tx,
): Promise<void> {
  if (!canSendMail()) return;
  const link = await makeMailToken("lock-account", { userId: id, emailCanonical }, tx);
  await post(write(email, caller, link), tx);
}

/**
 * Locks the account a notice was about, because its owner had no part in what it told: every session ends, the password
 * works no longer, and a letter with a link for a new one goes out. False when the link does not work.
 */
export async function lockAccount(token: string, caller: Caller): Promise<boolean> {
  return db.$transaction(async (tx) => {
    const owner = await spendMailToken("lock-account", token, tx);
    if (!owner) return false;
    const { id, email, emailCanonical } = owner;
    await tx.user.update({ where: { id }, data: { passwordHash: null }, select: { id: true } });
    await revokeSessions(id, tx);
    await endMailTokens(id, ["change-email"], tx);
    await record("account-locked", { userId: id }, caller, tx);
    const made = await makeMailToken("reset-password", { userId: id, emailCanonical }, tx);
    await post(resetPasswordLetter(email, made), tx);
    return true;
  });
}

/**
 * Asks for another address: a letter goes to it with a link, another to the address of now, and nothing changes until the
 * link is followed. A taken address gets the same answer after the same writes; there the letter says that it is taken
 * (ASVS v5.0.0-6.3.8, 7.5.1).
 */
export async function requestEmailChange(
  user: { id: string; email: string },
  { email, password }: ChangeEmailInput,
  caller: Caller,
): Promise<EmailChangeRequestOutcome> {
  const emailCanonical = canonical(email);
  if (emailCanonical === canonical(user.email)) return { ok: false, reason: "unchanged" };
  const proof = await provePassword(canonical(user.email), password, caller);
  if (!proof.ok) return proof;
  const owner = proof.user;
  if (owner.id !== user.id) return { ok: false, reason: "refused" };
  const retryAfterSeconds = await takeLetter(emailCanonical, caller);
  if (retryAfterSeconds !== null) {
    await record("email-change-throttled", { userId: user.id }, caller);
    return { ok: false, reason: "throttled", retryAfterSeconds };
  }
  return db.$transaction(async (tx) => {
    if (!(await keepsPassword(owner, tx))) return { ok: false, reason: "refused" };
    await endMailTokens(owner.id, ["change-email"], tx);
    const other = await tx.user.findUnique({ where: { emailCanonical }, select: { email: true } });
    const isTaken = other !== null || (await isHeld(emailCanonical, owner.id, tx));
    const made = await makeMailToken(
      "change-email",
      { userId: isTaken ? null : owner.id, emailCanonical, address: email },
      tx,
    );
    await post(
      isTaken ? emailTakenLetter(other?.email ?? email, made.expiresAt) : changeEmailLetter(email, made),
      tx,
    );
    await notify(owner, emailChangeRequestedLetter, caller, tx);
    await record("email-change-requested", { userId: owner.id }, caller, tx);
    return { ok: true };
  });
}

/** False once the password is another than the one compared; while true, it stays that one to the transaction's end. */
async function keepsPassword(
  { id, passwordHash }: { id: string; passwordHash: string },
  tx: Tx,
): Promise<boolean> {
  const { count } = await tx.user.updateMany({
    where: { id, passwordHash },
    data: { updatedAt: new Date() },
  });
  return count === 1;
}

/**
 * Gives an account the address its link was sent to. Sessions stay; every link sent to the old address is over but one,
 * which goes there now and takes the address back.
 */
export async function changeEmail(token: string, caller: Caller): Promise<MoveOutcome> {
  return move(async (tx) => {
    const owner = await spendMailToken("change-email", token, tx);
    if (!owner?.address) return { ok: false, reason: "link-spent" };
    await setEmail(owner.id, { email: owner.address }, tx);
    if (await isHeld(canonical(owner.address), owner.id, tx)) throw new AddressHeldError();
    const { id: userId, email, emailCanonical } = owner;
    const back = await makeMailToken("restore-email", { userId, emailCanonical, address: email }, tx);
    await post(emailChangedLetter(email, caller, back), tx);
    await record("email-changed", { userId }, caller, tx);
    return { ok: true };
  });
}

/**
 * Takes an old address back, however often it was changed since, and locks the account as {@link lockAccount} does: its
 * owner had no part in the change, so somebody else knows the password.
 */
export async function restoreEmail(token: string, caller: Caller): Promise<MoveOutcome> {
  return move(async (tx) => {
    const owner = await spendMailToken("restore-email", token, tx);
    if (!owner?.address) return { ok: false, reason: "link-spent" };
    const { id: userId, address: email } = owner;
    await setEmail(userId, { email, passwordHash: null }, tx);
    await revokeSessions(userId, tx);
    await record("email-restored", { userId }, caller, tx);
    await post(emailRestoredLetter(owner.email), tx);
    const made = await makeMailToken("reset-password", { userId, emailCanonical: canonical(email) }, tx);
    await post(resetPasswordLetter(email, made), tx);
    return { ok: true };
  });
}

/** Somebody else can still take the address back. */
class AddressHeldError extends Error {
  override readonly name = "AddressHeldError";
}

/** Where somebody else has got the address meanwhile all is undone, the spending of the link too. */
async function move(work: (tx: Tx) => Promise<MoveOutcome>): Promise<MoveOutcome> {
  try {
    return await db.$transaction(work);
  } catch (error) {
    if (!isUniqueViolation(error) && !(error instanceof AddressHeldError)) throw error;
    return { ok: false, reason: "taken" };
  }
}

/** Writes an address whose mailbox a link was just read in. No other link may give or open what the account now is. */
async function setEmail(
  id: string,
  { email, ...others }: { email: string; passwordHash?: null },
  tx: Tx,
): Promise<void> {
  await tx.user.update({
    where: { id },
    data: { email, emailCanonical: canonical(email), emailVerified: new Date(), ...others },
    select: { id: true },
  });
  await endMailTokens(id, ["reset-password", "verify-email", "lock-account", "change-email"], tx);
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
    (await isHeld(keys.emailCanonical, null))
  )
    taken.push("email");
  return taken;
}
