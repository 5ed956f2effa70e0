import "server-only";
import { hashToken } from "../platform/crypto/token";
import type { Tx } from "../platform/db";
import { MINUTE_MS } from "../shared/units";
import type { LiveSession } from "./sessions";

/** How long a proof of who one is counts as recent, in milliseconds (ASVS v5.0.0-7.5.1, 7.5.3). */
export const PROOF_MS = 15 * MINUTE_MS;

/** True while it is not long ago that the person of a session has proven who they are; a second factor is not looked at. */
export function isProofRecent({ createdAt, provenAt }: Pick<LiveSession, "createdAt" | "provenAt">): boolean {
  return isRecent(provenAt ?? createdAt);
}

/** The same for a second factor. */
export function isSecondFactorRecent({ secondFactorAt }: Pick<LiveSession, "secondFactorAt">): boolean {
  return secondFactorAt !== null && isRecent(secondFactorAt);
}

function isRecent(at: Date): boolean {
  return Date.now() - at.getTime() < PROOF_MS;
}

/** True while {@link isProofRecent} is, of a session by its id, in the transaction of what asks for it. */
export async function hasProofLately(id: string, tx: Tx): Promise<boolean> {
  const gt = new Date(Date.now() - PROOF_MS);
  const where = { id, OR: [{ provenAt: { gt } }, { provenAt: null, createdAt: { gt } }] };
  return (await tx.session.count({ where })) === 1;
}

/** The same of {@link isSecondFactorRecent}. */
export async function hasSecondFactorLately(id: string, tx: Tx): Promise<boolean> {
  const where = { id, secondFactorAt: { gt: new Date(Date.now() - PROOF_MS) } };
  return (await tx.session.count({ where })) === 1;
}

/** Notes that the person of a session has just proven a second factor. */
export async function noteSecondFactor(id: string, tx: Tx): Promise<void> {
  await tx.session.updateMany({ where: { id }, data: { secondFactorAt: new Date() } });
}

/** A session, and when its person logged in; null when there is none by this token. */
export async function findLoginOf(token: string, tx: Tx): Promise<{ id: string; createdAt: Date } | null> {
  return tx.session.findUnique({
    where: { tokenHash: hashToken(token) },
    select: { id: true, createdAt: true },
  });
}
