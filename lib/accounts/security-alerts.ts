import "server-only";
import type { Letter } from "../mail/email";
import type { NoticeLink } from "../mail/emails/security-alert";
import { post } from "../mail/outbox";
import type { ClientInfo } from "../platform/client-info";
import type { Tx } from "../platform/db";
import { features } from "../platform/env";
import { makeMailToken, type TokenOwner } from "../security/link-tokens";

/** Whether a letter is on its way. */
export type LetterOutcome = { ok: true } | { ok: false; reason: "throttled"; retryAfterSeconds: number };

/** An account and the address it is written to. */
export type Addressee = Pick<TokenOwner, "id" | "email" | "emailCanonical">;

/** Tells an owner what was done with their account, with a link for when it was not they who did it. */
export async function notify(
  { id, email, emailCanonical }: Addressee,
  write: (email: string, client: ClientInfo, link: NoticeLink) => Letter,
  client: ClientInfo,
  tx: Tx,
): Promise<void> {
  if (!features().mail) return;
  const link = await makeMailToken("lock-account", { userId: id, emailCanonical }, tx);
  await post(write(email, client, link), tx);
}
