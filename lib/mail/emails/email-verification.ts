import type { ClientInfo } from "../../platform/client-info";
import { env } from "../../platform/env";
import { CODE_TTL_MS, linkPath } from "../../shared/links";
import { formatMoment } from "../../shared/moment";
import { formatDuration } from "../../shared/units";
import { type Email, type Recipient, writeEmail } from "../email";
import { whenAndHow } from "./security-alert";

/**
 * To an address that is not confirmed yet. It may be a stranger's, so of what was typed the email repeats the username alone.
 * @param lapsesAt when the account is deleted unless the address is confirmed; null: never
 */
export function emailVerificationEmail(
  to: Recipient,
  client: ClientInfo,
  { id, token, code, expiresAt }: { id: string; token: string; code: string; expiresAt: Date },
  lapsesAt: Date | null,
): Email {
  return writeEmail({
    to,
    subject: "Confirm your email address",
    before: [
      `Someone, most likely you, gave this address for an account at ${env().appName}: ${whenAndHow(client)}.`,
    ],
    button: { label: "Confirm this address", path: linkPath("verify-email", token) },
    code: {
      label: `Or type this code within ${formatDuration(CODE_TTL_MS)}, where you are asked for it`,
      value: code,
    },
    after: [
      `The link works once, until ${formatMoment(expiresAt)}, on any device. Where you are not logged in to that account, it asks for its password.`,
      ...(lapsesAt
        ? [`An account whose address is not confirmed is deleted: this one on ${formatMoment(lapsesAt)}.`]
        : []),
      "If it was not you, there is nothing to do: without you the address stays unconfirmed. To have the account for yourself, follow the link and choose a new password there.",
    ],
    expiresAt,
    linkTokenId: id,
  });
}
