import "server-only";
import { db, type Tx } from "../platform/db";
import type { LinkPurpose } from "../shared/links";

/** The links by which accounts can take a former address back. While one works, no other account gets that address. */
const purpose = "restore-email" satisfies LinkPurpose;

/**
 * For an account that moves to this address: true when it had it before and could still take it back. The ways back to the
 * addresses it has had since end then, as if it had been taken back.
 */
export async function returnsTo(userId: string, emailCanonical: string, tx: Tx): Promise<boolean> {
  const ofAccount = { userId, purpose };
  const wayBack = await tx.linkToken.findFirst({
    where: { ...ofAccount, email: emailCanonical, expiresAt: { gt: new Date() } },
    orderBy: { createdAt: "asc" },
    select: { createdAt: true },
  });
  if (!wayBack) return false;
  await tx.linkToken.deleteMany({ where: { ...ofAccount, createdAt: { gt: wayBack.createdAt } } });
  return true;
}

/**
 * True while another account can still take this address back. Ask after looking whether an account has it: in the other
 * order an address that moves between the two questions would look free.
 */
export async function isReserved(
  emailCanonical: string,
  userId: string | null,
  tx: Tx = db,
): Promise<boolean> {
  const wayBack = await tx.linkToken.findFirst({
    where: {
      email: emailCanonical,
      purpose,
      expiresAt: { gt: new Date() },
      ...(userId !== null && { userId: { not: userId } }),
    },
    select: { id: true },
  });
  return wayBack !== null;
}
