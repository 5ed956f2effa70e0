import "server-only";
import type { ClientInfo } from "../platform/client-info";
import { logError } from "../platform/log";
import { record } from "../security/audit";
import { findSession, type LiveSession, removeExpiredSession, touchSession } from "../security/sessions";

/**
 * The live session of a request, which counts as in use from now on; null when the token opens none. A session found
 * expired is removed and recorded, once. Where the database only reads, the answer is the same and nothing is written.
 */
export async function resumeSession(token: string, client: ClientInfo): Promise<LiveSession | null> {
  const session = await findSession(token);
  if (session) {
    await touchSession(session);
    return session;
  }
  const expired = await removeExpiredSession(token).catch(logError);
  if (expired) await record("session-expired", expired, client);
  return null;
}
