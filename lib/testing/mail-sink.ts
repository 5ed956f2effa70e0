import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { SMTPServer } from "smtp-server";

/** An email as a mail server got it. */
export interface Mail {
  /** Of the envelope: to whom it really went. */
  recipients: string[];
  /** By lower-case name, unfolded. */
  headers: Map<string, string>;
  text: string;
  html: string;
  raw: string;
}

/** Every email of the app, by its subject after the name of the site. */
export const SUBJECTS = {
  "verify-email": "Confirm your email address",
  "reset-password": "Choose a new password",
  "no-account": "There is no account with this address",
  "new-login": "A login from a new device",
  "later-logins": "More logins from new devices",
  "username-changed": "Your username was changed",
  "password-changed": "Your password was changed",
  "password-set": "Your account has a password now",
  "authenticator-added": "An authenticator app was set up",
  "authenticator-replaced": "Your authenticator app was replaced",
  "authenticator-removed": "Your authenticator app was removed",
  "recovery-codes-made": "New recovery codes were made",
  "recovery-code-used": "A recovery code was used",
  "recovery-codes-few": "A recovery code was used: 3 left",
  "half-done": "Your password was typed, and no second factor",
  "half-done-by-provider": "A login by way of Acme ID, and no second factor",
  "wrong-codes": "Wrong codes were typed for your account",
  "passkey-added": "A passkey was added",
  "passkey-removed": "A passkey was removed",
  "passkey-copied": "A copy of your passkey was refused",
  "passkeys-ended": "Your passkeys were ended",
  "connections-ended": "Your connections were ended",
  "connection-added": "Another way to log in was connected",
  "connection-registered": "An account was registered with your address",
  "connection-taken-over": "The account with your address was taken over",
  "connection-removed": "A way to log in was disconnected",
  "account-disconnected": "Your account was disconnected",
  "factors-reset": "Your second factors were removed",
  "factors-ended": "What was added to your account is gone",
  "change-email": "Confirm your new email address",
  "email-taken": "This address has an account already",
  "email-change-requested": "A new email address for your account",
  "email-changed": "Your email address was changed",
  "email-restored": "An email address was taken back",
  "deletion-requested": "Your account is to be deleted",
  "account-kept": "Your account stays",
  "account-erased": "Your account is deleted",
} as const;

export type Subject = keyof typeof SUBJECTS;

/** A release before this one wrote no name of the site before it. */
function hasSubject(line: string, subject: Subject): boolean {
  return line === SUBJECTS[subject] || line.endsWith(`: ${SUBJECTS[subject]}`);
}

/** How long to wait for an email, in milliseconds: the app looks for what is due every 5 s. */
const PATIENCE_MS = 30_000;

/** A real mail server that keeps what it gets, and can be slow, unwilling or down. */
export class Mailbox {
  readonly mails: Mail[] = [];
  /** Recipients refused for good. */
  readonly refused = new Set<string>();
  /** Recipients deferred with 450, as those of a domain that does not answer. */
  readonly deferred = new Set<string>();
  /** How many connections have come. */
  connections = 0;

  #server: SMTPServer | null = null;
  #port = 0;
  #held: (() => void)[] | null = null;
  readonly #isSecure: boolean;

  /** @param secure speaks TLS from the start, with a certificate that no authority has signed */
  constructor({ secure = false } = {}) {
    this.#isSecure = secure;
  }

  /** The settings that make an app send its emails here. */
  get settings(): { SMTP_URL: string; MAIL_FROM: string } {
    return {
      SMTP_URL: `${this.#isSecure ? "smtps" : "smtp"}://127.0.0.1:${this.#port}`,
      MAIL_FROM: "Latchkey <latchkey@example.com>",
    };
  }

  /** Begins to listen, on the same port as the last time. */
  async start(): Promise<void> {
    const server = new SMTPServer({
      secure: this.#isSecure,
      authOptional: true,
      logger: false,
      disabledCommands: ["STARTTLS", "AUTH"],
      closeTimeout: 1,
      onConnect: (_session, greet) => {
        this.connections++;
        if (this.#held) this.#held.push(greet);
        else greet();
      },
      onRcptTo: ({ address }, _session, answer) => {
        const refusal = (responseCode: number) =>
          Object.assign(new Error("No such mailbox"), { responseCode });
        if (this.refused.has(address)) answer(refusal(550));
        else answer(this.deferred.has(address) ? refusal(450) : null);
      },
      onData: (stream, { envelope }, answer) => {
        const chunks: Buffer[] = [];
        stream.on("data", (chunk: Buffer) => chunks.push(chunk));
        stream.on("end", () => {
          const recipients = envelope.rcptTo.map(({ address }) => address);
          this.mails.push({ recipients, ...readMail(Buffer.concat(chunks).toString("latin1")) });
          answer();
        });
      },
    });
    server.on("error", () => {}); // a client that was killed
    const listening = server.listen(this.#port, "127.0.0.1");
    await once(listening, "listening");
    this.#port = (listening.address() as AddressInfo).port;
    this.#server = server;
  }

  /** Stops listening and drops who is connected. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    if (server) await new Promise<void>((resolve) => server.close(resolve));
  }

  /** From now on accepts connections and says nothing. */
  hold(): void {
    this.#held = [];
  }

  /** Answers every connection that waits. */
  release(): void {
    const held = this.#held ?? [];
    this.#held = null;
    for (const greet of held) greet();
  }

  /** The emails of one subject that have come for this address, the oldest first. */
  to(address: string, subject: Subject): Mail[] {
    return this.mails.filter(
      ({ recipients, headers }) =>
        recipients.includes(address) && hasSubject(headers.get("subject") ?? "", subject),
    );
  }

  /** The newest of at least `count` of them, once they are there. @throws Error when they do not come */
  async latest(address: string, subject: Subject, count = 1): Promise<Mail> {
    for (const end = Date.now() + PATIENCE_MS; Date.now() < end; await delay(50)) {
      const mails = this.to(address, subject);
      const mail = mails.at(-1);
      if (mail && mails.length >= count) return mail;
    }
    throw new Error(`not ${count} emails “${SUBJECTS[subject]}” came for ${address}`);
  }
}

/** The one link of an email that carries a secret, as a path of the app. @throws Error when there is none, or two */
export function linkIn({ text }: Mail): string {
  const links = text.match(/https?:\/\/\S+/g) ?? [];
  if (links.length !== 1 || !links[0]) throw new Error(`not one link in: ${text}`);
  const { pathname, search } = new URL(links[0]);
  return pathname + search;
}

/** Takes a message apart as a mail program does: headers, and the two bodies. */
function readMail(raw: string): Omit<Mail, "recipients"> {
  const { headers, body } = split(raw);
  const boundary = /boundary="([^"]+)"/.exec(headers.get("content-type") ?? "")?.[1];
  const parts = boundary ? body.split(`--${boundary}`).slice(1, -1).map(readPart) : [];
  const bodyOf = (type: string) => parts.find((part) => part.type === type)?.content ?? "";
  return { headers, text: bodyOf("text/plain"), html: bodyOf("text/html"), raw };
}

function readPart(part: string): { type: string; content: string } {
  const { headers, body } = split(part.replace(/^\r\n/, "").replace(/\r\n$/, ""));
  const bytes = decode(body, headers.get("content-transfer-encoding") ?? "7bit");
  return {
    type: headers.get("content-type")?.split(";", 1)[0] ?? "",
    content: bytes.toString("utf8").replaceAll("\r\n", "\n"),
  };
}

function split(text: string): { headers: Map<string, string>; body: string } {
  const end = text.indexOf("\r\n\r\n");
  const head = text.slice(0, end).replace(/\r\n(?=[ \t])/g, "");
  const headers = new Map(
    head.split("\r\n").map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  return { headers, body: text.slice(end + 4) };
}

function decode(body: string, encoding: string): Buffer {
  if (encoding === "base64") return Buffer.from(body, "base64");
  if (encoding !== "quoted-printable") return Buffer.from(body, "latin1");
  const unfolded = body.replace(/=\r\n/g, "");
  return Buffer.from(
    unfolded.replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16))),
    "latin1",
  );
}
