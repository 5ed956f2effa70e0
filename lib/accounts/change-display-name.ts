import "server-only";
import type { ClientInfo } from "../platform/client-info";
import { db } from "../platform/db";
import { record } from "../security/audit";
import type { DisplayNameInput } from "../shared/profile-schemas";

/**
 * Gives a person the name that pages greet them by; an empty one takes it away. Emails keep to the username: of whatever is
 * typed here, mail programs would make links.
 */
export async function changeDisplayName(
  { id: userId }: { id: string },
  { displayName }: DisplayNameInput,
  client: ClientInfo,
): Promise<void> {
  const name = displayName === "" ? null : displayName;
  const { count } = await db.user.updateMany({
    where: {
      id: userId,
      OR: name === null ? [{ name: { not: null } }] : [{ name: null }, { name: { not: name } }],
    },
    data: { name },
  });
  if (count > 0) await record("display-name-changed", { userId }, client);
}
