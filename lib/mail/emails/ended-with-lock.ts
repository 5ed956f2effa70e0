import { env } from "../../platform/env";
import { listed } from "../../shared/words";
import { alertEnd, type Email, type Recipient, writeEmail } from "../email";

/** A lock from inside has ended passkeys, connections or both. The owner knows of the lock: they have just asked for it. */
export function endedWithLockEmail(to: Recipient, ended: { passkeys: boolean; connections: boolean }): Email {
  const what = listed([ended.passkeys && "passkeys", ended.connections && "connections"]);
  return writeEmail({
    to,
    subject: `Your ${what} were ended`,
    before: [
      `You locked your account at ${env().appName}. Its ${what} ended with that, because any of them may have been somebody else’s.`,
      ...(ended.connections
        ? [
            "An account elsewhere logs nobody in any more: connect yours anew once you have chosen a new password.",
          ]
        : []),
      ...(ended.passkeys
        ? [
            "Add new passkeys once you have chosen a new password. Your devices may still list the former ones: delete them there.",
          ]
        : []),
    ],
    after: [],
    expiresAt: alertEnd(),
  });
}
