import "server-only";
import type { ClientInfo } from "../platform/client-info";
import { db } from "../platform/db";
import { record } from "../security/audit";
import type { DisplayNameInput } from "../shared/profile-schemas";
import { type AskingSession, holdForSession } from "./asking-session";

/**
 * Gives a person the name that pages greet them by; an empty one takes it away. Emails keep to the username: of whatever is
 * typed here, mail programs would make links.
 * @returns false, and nothing done, when the session that asks has just been ended
 */
export async function changeDisplayName(
  session: AskingSession,
  { displayName }: DisplayNameInput,
  client: ClientInfo,
): Promise<boolean> {
  const name = displayName === "" ? null : displayName;
  const userId = session.user.id;
  return db.$transaction(async (tx) => {
    if (!(await holdForSession(session, tx))) return false;
    const { count } = await tx.user.updateMany({
      where: {
        id: userId,
        OR: name === null ? [{ name: { not: null } }] : [{ name: null }, { name: { not: name } }],
      },
      data: { name },
    });
    if (count > 0) await record("display-name-changed", { userId }, client, tx);
    return true;
  });
}
