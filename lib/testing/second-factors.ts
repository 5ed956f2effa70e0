import { db } from "../platform/db";
import { putAuthenticator } from "../security/two-factor/authenticators";
import { replaceRecoveryCodes } from "../security/two-factor/recovery-codes";
import { codeOf, newSecret, stepAt } from "../security/two-factor/totp";
import type { Member } from "./person";

/** An authenticator app in somebody's hand. */
export interface App {
  secret: string;
  recoveryCodes: string[];
  /** A code that is accepted now, also where one of this moment was used already. */
  freshCode(): Promise<string>;
}

/** Gives an account an authenticator app and recovery codes, by their rows. @param createdAt when */
export async function giveApp({ id: userId }: Pick<Member, "id">, createdAt = new Date()): Promise<App> {
  const secret = newSecret();
  const recoveryCodes = await db.$transaction(async (tx) => {
    await putAuthenticator(userId, secret, 0, tx);
    return replaceRecoveryCodes(userId, tx);
  });
  for (const table of [db.authenticator, db.recoveryCode])
    await (table as typeof db.authenticator).updateMany({ where: { userId }, data: { createdAt } });
  return {
    secret,
    recoveryCodes,
    async freshCode() {
      await db.authenticator.updateMany({ where: { userId }, data: { lastStep: 0 } });
      return codeOf(secret, stepAt(Date.now()));
    },
  };
}

/** A code that no step around now has. */
export function wrongCodeFor({ secret }: Pick<App, "secret">): string {
  const now = stepAt(Date.now());
  const near = [-2, -1, 0, 1, 2, 3].map((distance) => codeOf(secret, now + distance));
  return (
    ["000000", "111111", "222222", "333333", "444444", "555555", "666666"].find(
      (code) => !near.includes(code),
    ) ?? ""
  );
}
