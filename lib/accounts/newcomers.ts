import "server-only";
import type { Tx } from "../platform/db";
import type { AuditEventName } from "../security/audit";
import { HOUR_MS } from "../shared/units";

/** So long after registering somebody is a newcomer, in milliseconds. */
const NEWCOMER_MS = HOUR_MS;

/** True for an account that was registered of late, by its history: a row that was written any other way, such as an import, may be as young. */
export function hasJustRegistered(userId: string, tx: Tx): Promise<boolean> {
  return hasRegisteredSince(new Date(Date.now() - NEWCOMER_MS), userId, tx);
}

/** True where somebody has registered for an account, as far as its history goes back. */
export function hasRegistered(userId: string, tx: Tx): Promise<boolean> {
  return hasRegisteredSince(new Date(0), userId, tx);
}

async function hasRegisteredSince(since: Date, userId: string, tx: Tx): Promise<boolean> {
  const registered = await tx.auditEvent.findFirst({
    where: { userId, at: { gt: since }, event: "registered" satisfies AuditEventName },
    select: { id: true },
  });
  return registered !== null;
}

/**
 * True where nobody has logged in to an account yet, or nobody since it was taken over: a moment before that is of the person who
 * had it then.
 */
export function isNeverEntered({
  createdAt,
  firstLoginAt,
}: {
  createdAt: Date;
  firstLoginAt: Date | null;
}): boolean {
  return firstLoginAt === null || firstLoginAt < createdAt;
}
