import "server-only";
import { createTransport, type SMTPTransportOptions } from "nodemailer";
import { isLoopback } from "../platform/address";
import { env, type MailSettings } from "../platform/env";
import type { Email } from "./email";

/** How long a mail server may take over one email, in milliseconds. */
export const SEND_TIMEOUT_MS = 60_000;

/** How long it may take to be reached, to greet, and to say anything more, in milliseconds. */
const TIMEOUTS = {
  connectionTimeout: 10_000,
  dnsTimeout: 10_000,
  greetingTimeout: 10_000,
  socketTimeout: 30_000,
} as const;

/**
 * How to reach the mail server. What leaves this machine goes over TLS with a checked certificate, or not at all
 * (RFC 8314; ASVS v5.0.0-12.3.1). A server on this machine is spoken to plainly: its certificate, where it has one, is
 * for another name. Each email has a connection of its own: nodemailer's pool sends an email again by itself when a
 * connection breaks, and it may have arrived the first time.
 */
export function transportOptions({ smtpUrl }: MailSettings): SMTPTransportOptions {
  const host = smtpUrl.hostname.replace(/^\[|\]$/g, "");
  const isHere = isLoopback(host);
  const isSecure = smtpUrl.protocol === "smtps:" || (smtpUrl.port === "465" && !isHere); // RFC 8314 §7.3
  return {
    host,
    port: Number(smtpUrl.port) || (isSecure ? 465 : 587),
    secure: isSecure,
    requireTLS: !isSecure && !isHere,
    ignoreTLS: isHere,
    tls: { rejectUnauthorized: true, minVersion: "TLSv1.2" },
    auth: smtpUrl.username
      ? { user: decodeURIComponent(smtpUrl.username), pass: decodeURIComponent(smtpUrl.password) }
      : undefined,
    name: env().publicUrl.hostname,
    allowInternalNetworkInterfaces: isHere,
    disableFileAccess: true,
    disableUrlAccess: true,
    ...TIMEOUTS,
  };
}

/**
 * Hands an email to the mail server; resolves once the server has accepted it.
 * @param id makes the Message-ID: if the email goes out twice, over a crash, both have the same
 * @throws Error when it was not accepted, or it is unknown whether it was
 */
export async function send(
  id: string,
  { to, subject, text, html }: Email,
  mail: MailSettings,
): Promise<void> {
  await createTransport(transportOptions(mail)).sendMail({
    from: mail.from,
    to: { name: "", address: to }, // an object is taken as it is: nothing in it becomes a second recipient
    subject,
    text,
    html,
    messageId: `<${id}@${env().publicUrl.hostname}>`,
    headers: { "Auto-Submitted": "auto-generated" }, // RFC 3834: no automatic reply comes back
    signal: AbortSignal.timeout(SEND_TIMEOUT_MS),
  });
}

/** True when the mail server defers this address and may accept any other: its domain may be mistyped. */
export function isDeferral(error: unknown): boolean {
  const { command, permanent, responseCode } = error as {
    command?: string;
    permanent?: boolean;
    responseCode?: number;
  };
  const isTheServers = responseCode === 421 || responseCode === 452; // closing, or out of room (RFC 5321 §4.2.3)
  return permanent !== true && command === "RCPT TO" && !isTheServers;
}

/** True when the mail server has refused for good: this email, or every email for that address. */
export function isRefusal(error: unknown): boolean {
  const { code, command, permanent } = error as { code?: string; command?: string; permanent?: boolean };
  return permanent === true && (command === "RCPT TO" || code === "EMESSAGE");
}
