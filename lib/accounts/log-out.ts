import "server-only";
import type { ClientInfo } from "../platform/client-info";
import { db } from "../platform/db";
import { record } from "../security/audit";
import { findLeavingSession, findSession, revokeSession } from "../security/sessions";
import { endWaitingProofs } from "../security/two-factor/pending-logins";

/**
 * Ends the session of this token, and what it has begun.
 * @returns whose session it was; null when the token opened none, which is no error
 */
export async function logOut(sessionToken: string, client: ClientInfo): Promise<{ userId: string | null }> {
  const session = (await findSession(sessionToken)) ?? (await findLeavingSession(sessionToken));
  if (session) await endWaitingProofs({ userId: session.user.id, sessionId: session.id }, db);
  const wasThere = await revokeSession(sessionToken);
  if (!session || !wasThere) return { userId: null };
  await record("logout", { userId: session.user.id }, client);
  return { userId: session.user.id };
}
