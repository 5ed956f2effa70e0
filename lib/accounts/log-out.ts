import "server-only";
import type { ClientInfo } from "../platform/client-info";
import { record } from "../security/audit";
import { findLeavingSession, findSession, revokeSession } from "../security/sessions";

/**
 * Ends the session of this token.
 * @returns whose session it was; null when the token opened none, which is no error
 */
export async function logOut(sessionToken: string, client: ClientInfo): Promise<{ userId: string | null }> {
  const session = (await findSession(sessionToken)) ?? (await findLeavingSession(sessionToken));
  const wasThere = await revokeSession(sessionToken);
  if (!session || !wasThere) return { userId: null };
  await record("logout", { userId: session.user.id }, client);
  return { userId: session.user.id };
}
