import { describe, expect, it } from "vitest";
import { readEnv } from "../platform/env";
import { Mailbox } from "../testing/mail-sink";
import { isRefusal, send, transportOptions } from "./transport";

function optionsFor(SMTP_URL: string) {
  const { mail } = readEnv({ SMTP_URL, MAIL_FROM: "a@b.co" } as unknown as NodeJS.ProcessEnv);
  if (!mail) throw new Error("no mail settings");
  return transportOptions(mail);
}

describe("transportOptions", () => {
  it("speaks TLS from the start where the address says so", () => {
    expect(optionsFor("smtps://mail.example.com")).toMatchObject({ port: 465, secure: true });
    expect(optionsFor("smtp://mail.example.com:465"), "which is that port's way").toMatchObject({
      secure: true,
    });
  });

  it.each([
    "smtp://mail.example.com",
    "smtp://192.168.1.2",
    "smtp://[2001:db8::1]:25",
    "smtp://localhost.example.com",
  ])("insists on STARTTLS: %s", (url) => {
    expect(optionsFor(url)).toMatchObject({ secure: false, requireTLS: true, ignoreTLS: false });
  });

  it.each(["smtp://localhost", "smtp://127.0.0.1:2525", "smtp://[::1]"])(
    "speaks plainly to this machine: %s",
    (url) => {
      expect(optionsFor(url)).toMatchObject({ secure: false, requireTLS: false });
    },
  );

  it("always checks the certificate", () => {
    for (const url of ["smtps://mail.example.com", "smtp://mail.example.com", "smtps://localhost"])
      expect(optionsFor(url).tls).toMatchObject({ rejectUnauthorized: true });
  });

  it("reads user and password from the address", () => {
    const { auth, host, port } = optionsFor("smtps://ada%40example.com:p%3Aw@mail.example.com:587");
    expect({ auth, host, port }).toEqual({
      auth: { user: "ada@example.com", pass: "p:w" },
      host: "mail.example.com",
      port: 587,
    });
    expect(optionsFor("smtps://mail.example.com").auth).toBeUndefined();
  });

  it("has a time limit for every step", () => {
    const { connectionTimeout, dnsTimeout, greetingTimeout, socketTimeout } = optionsFor("smtp://localhost");
    for (const limit of [connectionTimeout, dnsTimeout, greetingTimeout, socketTimeout])
      expect(limit).toBeLessThanOrEqual(30_000);
  });
});

describe("send", () => {
  it("gives the mail server a domain in ASCII, in the envelope and in the header", async () => {
    const mailbox = new Mailbox();
    await mailbox.start();
    const { mail } = readEnv(mailbox.settings as unknown as NodeJS.ProcessEnv);
    if (!mail) throw new Error("no mail settings");
    const email = { subject: "Hello", text: "Hello", html: "<p>Hello</p>", expiresAt: new Date() };
    await send("1", { ...email, to: "Ada+x@BÜCHER。例え" }, mail);
    await mailbox.stop();
    const [received] = mailbox.mails;
    // This mail server gives a domain back in letters: in lower case, as only the converted one was.
    expect(received?.recipients).toEqual(["Ada+x@bücher.例え"]);
    expect(received?.headers.get("to")).toBe("Ada+x@xn--bcher-kva.xn--r8jz45g");
  });
});

describe("isRefusal", () => {
  it.each([
    [{ code: "EENVELOPE", command: "RCPT TO", permanent: true }, true],
    [{ code: "EMESSAGE", command: "DATA", permanent: true }, true],
    [{ code: "EENVELOPE", command: "RCPT TO", permanent: false }, false], // greylisted
    [{ code: "EENVELOPE", command: "MAIL FROM", permanent: true }, false], // our own sender is wrong: the operator repairs it
    [{ code: "EAUTH", command: "AUTH PLAIN", permanent: true }, false],
    [{ code: "ESOCKET", command: "CONN" }, false],
  ])("of %j: %s", (error, expected) => {
    expect(isRefusal(Object.assign(new Error("no"), error))).toBe(expected);
  });
});
