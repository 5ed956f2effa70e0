import "server-only";
import { hashToken, hasTokenShape, newToken } from "../../platform/crypto/token";
import { db, type Tx } from "../../platform/db";
import { atOnce, inBatches, type Pace } from "../../platform/db/in-batches";
import { providerIn } from "../../platform/providers/configured-providers";
import { PENDING_LOGIN_MS } from "../../shared/two-factor";
import { ADDRESSEE_COLUMNS, type Addressee } from "../addressee";
import { findUsable, type Subject } from "../connections/connections";

/** A login that waits for its second proof, just begun. */
export interface OpenedPendingLogin {
  id: string;
  /** The value for its cookie. It is kept nowhere else. */
  token: string;
  /** What was proven first. */
  how: string;
  expiresAt: Date;
  /** The email that was to tell of the one whose place it takes, if one was. */
  alertEmailId: string | null;
}

/** A login that waits for its second proof. */
export interface PendingLogin {
  id: string;
  /** What was proven first. */
  how: string;
  isRemembered: boolean;
  /** True for the browser that has just confirmed the account's address. */
  isConfirming: boolean;
  /** The email that is to tell the owner of it, if one is. */
  alertEmailId: string | null;
  /** When the first proof was given, where that was before the login began; null: then. */
  provenAt: Date | null;
  /** The session whose person proves by it again who they are; null: it is a login. */
  sessionId: string | null;
  /** The connection by which it was begun; null: by none. */
  connection: Subject | null;
  user: Addressee;
}

/**
 * Begins to wait for the second proof, in the transaction that has found the first one right. Those of the account that have
 * waited too long go, so that it has no more than its right passwords of ten minutes; none that still waits does: who has the
 * password must not push the owner's out.
 */
export async function openPendingLogin(
  login: {
    userId: string;
    how: string;
    isRemembered: boolean;
    isConfirming?: boolean;
    alertEmailId?: string | null;
    provenAt?: Date | null;
    sessionId?: string | null;
  },
  tx: Tx,
): Promise<OpenedPendingLogin> {
  const token = newToken();
  const createdAt = new Date();
  const expiresAt = new Date(createdAt.getTime() + PENDING_LOGIN_MS);
  await tx.pendingLogin.deleteMany({ where: { userId: login.userId, ...isUseless(createdAt) } });
  const { id } = await tx.pendingLogin.create({
    data: { ...login, tokenHash: hashToken(token), createdAt, expiresAt },
    select: { id: true },
  });
  return { id, token, how: login.how, expiresAt, alertEmailId: login.alertEmailId ?? null };
}

/**
 * Null: there is none, or it has waited too long, or the connection that it was begun by opens nothing any more: the settings
 * have lost the provider, or name another issuer. Looking changes nothing.
 */
export async function findPendingLogin(token: string): Promise<PendingLogin | null> {
  if (!hasTokenShape(token)) return null;
  const found = await db.pendingLogin.findUnique({
    where: { tokenHash: hashToken(token), expiresAt: { gt: new Date() } },
    select: {
      id: true,
      how: true,
      isRemembered: true,
      isConfirming: true,
      alertEmailId: true,
      provenAt: true,
      sessionId: true,
      user: { select: ADDRESSEE_COLUMNS },
    },
  });
  if (!found) return null;
  const provider = providerIn(found.how);
  if (provider === null) return { ...found, connection: null };
  const connection = await findUsable(found.user.id, provider);
  return connection && { ...found, connection };
}

/** A login that has waited: what is to be known of it once it is gone. */
export type TakenLogin = Pick<PendingLogin, "id" | "how" | "alertEmailId">;

/**
 * Ends the waiting of a login, by its id, or by the token of its browser: it goes on, or another one of the account takes its
 * place there. Null: none waits. The transaction holds the account.
 */
export async function takePendingLogin(
  userId: string,
  which: { id: string } | { token: string },
  tx: Tx,
): Promise<TakenLogin | null> {
  const key = "id" in which ? which : { tokenHash: hashToken(which.token) };
  const taken = await tx.pendingLogin.findFirst({
    where: { ...key, userId, expiresAt: { gt: new Date() } },
    select: { id: true, how: true, alertEmailId: true },
  });
  if (taken) await tx.pendingLogin.deleteMany({ where: { id: taken.id } });
  return taken;
}

/** True while a login waits, and where `alertEmailId` is named, as long as no other email has come to tell of it. */
export async function isStillPending(
  login: Pick<PendingLogin, "id"> & Partial<Pick<PendingLogin, "alertEmailId">>,
  tx: Tx,
): Promise<boolean> {
  const { id, alertEmailId } = login;
  return (await tx.pendingLogin.count({ where: { id, alertEmailId, expiresAt: { gt: new Date() } } })) > 0;
}

/**
 * The login of an account that waits beside another one and is told in no email: one that was begun by the password, else the
 * newest. Null: none does. What a session has asked for is no login, and not told.
 */
export async function findUntoldPending(
  userId: string,
  id: string,
  tx: Tx,
): Promise<{ id: string; how: string; createdAt: Date; expiresAt: Date } | null> {
  const others = await tx.pendingLogin.findMany({
    where: { userId, id: { not: id }, alertEmailId: null, sessionId: null, expiresAt: { gt: new Date() } },
    orderBy: { createdAt: "desc" },
    select: { id: true, how: true, createdAt: true, expiresAt: true },
  });
  return others.find(({ how }) => how === "password") ?? others[0] ?? null;
}

/** Notes which email is to tell of a login that waits. The transaction holds the account. */
export async function noteAlertOf(id: string, alertEmailId: string | null, tx: Tx): Promise<void> {
  await tx.pendingLogin.updateMany({ where: { id }, data: { alertEmailId } });
}

/** The emails that tell, or have told, of logins of an account that wait, also of those that have waited too long. */
export async function findTold(userId: string, tx: Tx): Promise<string[]> {
  const told = await tx.pendingLogin.findMany({
    where: { userId, alertEmailId: { not: null } },
    select: { alertEmailId: true },
  });
  return told.flatMap(({ alertEmailId }) => alertEmailId ?? []);
}

/**
 * Ends every login of an account that waits: what its first proof was worth has changed. Which email tells of one is still known
 * for a while: a lock takes that back, and a new address takes it along.
 * @param sparedId the one that goes on, if one does
 */
export async function endPendingLogins(
  userId: string,
  tx: Tx,
  sparedId: string | null = null,
): Promise<void> {
  await end({ userId, ...(sparedId !== null && { id: { not: sparedId } }) }, tx);
}

/** By every clock, whichever instance looks at one next. */
async function end(
  where: { userId: string; id?: { not: string }; sessionId?: string | { not: string } },
  tx: Tx,
) {
  await tx.pendingLogin.deleteMany({ where: { ...where, alertEmailId: null } });
  await tx.pendingLogin.updateMany({ where, data: { expiresAt: new Date(0) } });
}

/** Forgets which emails tell of logins of an account: they are taken back. */
export async function forgetTold(userId: string, tx: Tx): Promise<void> {
  await tx.pendingLogin.updateMany({
    where: { userId, alertEmailId: { not: null } },
    data: { alertEmailId: null },
  });
}

/**
 * Ends what waits to prove again who is in a session of an account, or in any of its sessions but one. Logins that wait were asked
 * for by no session, and stay.
 */
export async function endWaitingProofs(
  where: { userId: string; sessionId: string | { not: string } },
  tx: Tx,
): Promise<void> {
  await end(where, tx);
}

/**
 * What opens nothing any more, and whose email, if one tells of it, should have left. One that a mail server puts off for longer
 * leaves for the address that it was written to.
 */
function isUseless(now: Date) {
  const hasLeft = { createdAt: { lte: new Date(now.getTime() - PENDING_LOGIN_MS) } };
  return { expiresAt: { lte: now }, OR: [{ alertEmailId: null }, hasLeft] };
}

/** Deletes those that have waited too long. Answers how many. */
export function purgePendingLogins(now = Date.now(), pace: Pace = atOnce): Promise<number> {
  const where = isUseless(new Date(now));
  return inBatches((limit) => db.pendingLogin.deleteMany({ where, limit }), pace);
}
