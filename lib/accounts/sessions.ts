import "server-only";
import type { ClientInfo } from "../platform/client-info";
import { record } from "../security/audit";
import { findSession, type LiveSession, removeExpiredSession, touchSession } from "../security/sessions";

/**
 * The live session of a request, which counts as in use from now on; null when the token opens none. A session found
 * expired is removed and recorded, once.
 */
export async function resumeSession(token: string, client: ClientInfo): Promise<LiveSession | null> {
  const session = await findSession(token);
  if (session) {
    await touchSession(session);
    return session;
  }
  const expired = await removeExpiredSession(token);
  if (expired) await record("session-expired", expired, client);
  return null;
}
