import "server-only";
import type { Email } from "../mail/email";
import type { AlertLink } from "../mail/emails/security-alert";
import { enqueueEmail } from "../mail/outbox";
import type { ClientInfo } from "../platform/client-info";
import type { Tx } from "../platform/db";
import { features } from "../platform/env";
import { type LinkOwner, makeLinkToken } from "../security/link-tokens";

/** An account and the address it is written to. */
export type Addressee = Pick<LinkOwner, "id" | "email" | "emailCanonical">;

/** Tells an owner what was done with their account, with a link to lock it in case somebody else did it. */
export async function sendSecurityAlert(
  { id, email, emailCanonical }: Addressee,
  write: (email: string, client: ClientInfo, link: AlertLink) => Email,
  client: ClientInfo,
  tx: Tx,
): Promise<void> {
  if (!features().mail) return;
  const link = await makeLinkToken("lock-account", { userId: id, emailCanonical }, tx);
  await enqueueEmail(write(email, client, link), tx);
}
