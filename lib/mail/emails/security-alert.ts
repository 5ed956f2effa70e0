import type { ClientInfo } from "../../platform/client-info";
import { describeBrowser } from "../../platform/user-agent";
import { linkPath } from "../../shared/links";
import { formatMoment } from "../../shared/moment";
import { alertEnd, type Email, type Recipient, writeEmail } from "../email";

/** The secret of the link by which an owner undoes what an alert tells of. */
export interface AlertLink {
  token: string;
  expiresAt: Date;
}

/** An email about what was done with an account. It goes to the owner, and has no secret but its link. */
export type WriteAlert = (to: Recipient, client: ClientInfo, link: AlertLink) => Email;

/**
 * Writes such an email, with the link by which its owner locks the account.
 * @param what was done, a paragraph or several
 * @param otherwise what an owner who did it is to do, and the beginning of what another one is to do, which the link ends
 */
export function writeAlert(
  to: Recipient,
  link: AlertLink,
  subject: string,
  what: string | string[],
  otherwise = "If that was you, there is nothing to do. If it was not:",
): Email {
  const before = [what, otherwise].flat();
  return writeEmail({ to, subject, before, ...lockButton(link), expiresAt: alertEnd() });
}

/** The secret of the link in such an email; null: it has none. */
export function lockTokenIn({ text }: Pick<Email, "text">): string | null {
  const [, after] = text.split(linkPath("lock-account", ""));
  return /^[\w-]+/.exec(after ?? "")?.[0] ?? null;
}

/** When, with what and from where something was done, in words: "on … UTC, with Firefox on Linux at 203.0.113.7". */
export function whenAndWhere(
  { userAgent, ip }: Pick<ClientInfo, "userAgent" | "ip">,
  at = new Date(),
): string {
  return `on ${formatMoment(at)}, with ${describeBrowser(userAgent)}${ip ? ` at ${ip}` : ""}`;
}

/** The same for an email that may reach a stranger, who is not to learn where another is. */
export function whenAndHow({ userAgent }: Pick<ClientInfo, "userAgent">): string {
  return whenAndWhere({ userAgent, ip: null });
}

/** The end of a security alert: the link for an owner who had no part in it. */
export function lockButton({ token, expiresAt }: AlertLink) {
  return {
    button: { label: "This was not me", path: linkPath("lock-account", token) },
    after: [
      `There you lock your account: every device is logged out, the password stops working, and you choose a new one. The link works until ${formatMoment(expiresAt)}.`,
    ],
  };
}
