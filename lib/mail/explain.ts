/** By errno or the TLS library's words; `at` is the server, `host` its name alone. */
const CAUSES: [sign: RegExp, reason: (at: string, host: string) => string][] = [
  [/ECONNREFUSED/, (at) => `${at} takes no connections: start it, or check SMTP_URL`],
  [/ENOTFOUND|EAI_|EDNS/, (_, host) => `The name ${host} leads to no address: check DNS and SMTP_URL`],
  [/EHOSTUNREACH|ENETUNREACH/, (at) => `There is no way to ${at}: check the network`],
  [
    /certificate|self.signed|altname|CERT/i,
    (at) => `${at} has a certificate that cannot be trusted: renew it, or correct the name in SMTP_URL`,
  ],
  [
    /ETLS|EPROTO|SSL|TLS/,
    (at) => `${at} speaks no TLS there: check SMTP_URL, whether smtps or smtp and the port`,
  ],
  [/EAUTH/, (at) => `${at} refuses the user or the password: check SMTP_URL`],
  [
    /ETIMEDOUT|ECONNRESET|ECONNECTION|AbortError|TimeoutError|ABORT/,
    (at) => `${at} does not answer: check that it runs, and the network`,
  ],
];

/**
 * Why the mail server did not take an email, and what to do, in one sentence. It has no word of the server's own, which may
 * quote an address, and no password.
 */
export function explainMail(error: unknown, smtpUrl: URL): string {
  const { code, responseCode, message } = error as { code?: string; responseCode?: number; message?: string };
  const port = smtpUrl.port || (smtpUrl.protocol === "smtps:" ? 465 : 587);
  const at = `The mail server at ${smtpUrl.hostname}:${port}`;
  const words = responseCode === undefined ? `${code} ${message}` : String(code);
  const known = CAUSES.find(([sign]) => sign.test(words))?.[1];
  const reason = known?.(at, smtpUrl.hostname) ?? `${at} did not take the email: look at its log`;
  return `${reason} (${signOf(words) ?? reasonOf(error)}).`;
}

/** nodemailer's code and the mail server's number, not its words: those may quote the address. */
export function reasonOf(error: unknown): string {
  const { code, name, responseCode } = error as { code?: string; name?: string; responseCode?: number };
  return [code ?? name ?? "unknown", responseCode].filter(Boolean).join(" ");
}

/** The system's code, which nodemailer puts into its message. */
function signOf(words: string): string | null {
  return /\b(E(?:CONN|HOST|NET|AI_|NOTFOUND|TIMEDOUT)[A-Z_]*)\b/.exec(words)?.[1] ?? null;
}
