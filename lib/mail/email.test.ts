import { describe, expect, it, vi } from "vitest";

vi.hoisted(() => {
  process.env.AUTH_URL = "https://accounts.example.com";
});

import { CODE_TTL_MS } from "../shared/links";
import { formatDuration } from "../shared/units";
import { type Email, writeEmail } from "./email";
import { accountErasedEmail } from "./emails/account-erased";
import { accountKeptEmail } from "./emails/account-kept";
import { deletionOfFormerEmail, deletionRequestedEmail } from "./emails/deletion-requested";
import { emailChangeConfirmationEmail } from "./emails/email-change-confirmation";
import { emailChangeRequestedEmail } from "./emails/email-change-requested";
import { emailChangedEmail } from "./emails/email-changed";
import { emailRestoredEmail } from "./emails/email-restored";
import { emailTakenEmail } from "./emails/email-taken";
import { emailVerificationEmail } from "./emails/email-verification";
import { laterLoginsEmail, newLoginEmail } from "./emails/new-login";
import { noAccountEmail } from "./emails/no-account";
import { passwordChangedEmail } from "./emails/password-changed";
import { passwordResetEmail } from "./emails/password-reset";
import { whenAndWhere } from "./emails/security-alert";

const expiresAt = new Date("2026-11-22T14:05:00Z");
const TOKEN = "A".repeat(43);
const link = { id: "a-link", token: TOKEN, expiresAt };

const ada = { email: "ada@example.com", username: "ada" };

const client = { ip: "203.0.113.7", userAgent: "Firefox/140.0 Linux", requestId: null, browserToken: null };

const emails: [string, Email][] = [
  ["reset-password", passwordResetEmail(ada, client, link)],
  ["verify-email", emailVerificationEmail(ada, client, { ...link, code: "012345" }, expiresAt)],
  ["no-account", noAccountEmail({ ...ada, username: null }, client, expiresAt)],
  [
    "password-changed",
    passwordChangedEmail("changed", { hasSecondFactor: true, hasPasskeys: true, hasConnections: true })(
      ada,
      client,
      link,
    ),
  ],
  [
    "password-set",
    passwordChangedEmail("set", { hasSecondFactor: false, hasPasskeys: false, hasConnections: false })(
      ada,
      client,
      link,
    ),
  ],
  ["change-email", emailChangeConfirmationEmail(ada, client, link)],
  ["email-taken", emailTakenEmail(ada, client, expiresAt)],
  ["email-change-requested", emailChangeRequestedEmail(ada, client, link)],
  ["email-changed", emailChangedEmail(ada, client, link)],
  ["email-changed, never confirmed", emailChangedEmail(ada, client, "never-confirmed")],
  ["email-changed, for an earlier one", emailChangedEmail(ada, client, "went-back")],
  ["email-restored", emailRestoredEmail(ada, "link")],
  ["deletion-requested", deletionRequestedEmail(expiresAt)(ada, client, link)],
  ["deletion-requested, former", deletionOfFormerEmail(ada, client, link, expiresAt)],
  ["account-kept", accountKeptEmail(expiresAt)(ada, client, link)],
  ["account-erased", accountErasedEmail(ada)],
  ["new-login", newLoginEmail(ada, client, link)],
  ["later-logins", laterLoginsEmail(ada, [whenAndWhere(client)], link)],
];

describe.each(emails)("the email %s", (_name, { to, subject, text, html }) => {
  it("goes to one address under one short line", () => {
    expect(to).toBe("ada@example.com");
    expect(subject).toMatch(/^[\x20-\x7e]{1,60}$/);
  });

  it("says the same in both its forms", () => {
    const body = html.replace(/^[\s\S]*<\/h1>/, "").replace(/<a [^>]*>([^<]*)<\/a>/g, "$1:");
    const words = (form: string) => form.replace(/<[^>]*>/g, " ").match(/[\w/:?=.]+/g);
    expect(words(body)).toEqual(words(text.replace("-- \n", "")));
  });

  it("has one link at most, to the configured address", () => {
    const links = [...text.matchAll(/https?:\S+/g), ...html.matchAll(/https?:[^"'\s<]+/g)].map(
      ([link]) => link,
    );
    expect([0, 3]).toContain(links.length); // in the text, behind the button, and below it
    expect(new Set(links).size).toBe(links.length / 3);
    for (const link of links) expect(link).toMatch(/^https:\/\/accounts\.example\.com\//);
  });

  it("names the site, and the person it is for", () => {
    expect(subject).toMatch(/^Latchkey: /);
    expect(text).toMatch(/^Hello(,| ada,)\n/);
    expect(text.split("\n-- ")[0]).toContain("at Latchkey");
  });

  it("loads nothing, so it does not tell when it is read", () => {
    expect(html).not.toMatch(/<(img|link|script|iframe|video|object)\b|url\(|@import|@font-face/i);
  });

  it("is made for light and dark", () => {
    expect(html).toContain('<meta name="color-scheme" content="light dark">');
    expect(html).toContain("@media (prefers-color-scheme: dark)");
  });
});

describe("passwordResetEmail", () => {
  it("carries the token in its link and nowhere else", () => {
    const { subject, text, html } = passwordResetEmail(ada, client, link);
    expect(text.split(TOKEN)).toHaveLength(2);
    expect(html.split(TOKEN)).toHaveLength(3);
    expect(subject).not.toContain(TOKEN);
    expect(text).toContain("22 November 2026 at 14:05 UTC");
  });
});

describe("emailVerificationEmail", () => {
  it("says how long its code works", () => {
    const made = { ...link, code: "012345" };
    expect(emailVerificationEmail(ada, client, made, null).text).toContain(
      `within ${formatDuration(CODE_TTL_MS)},`,
    );
  });
});

describe("newLoginEmail", () => {
  it("says when, with what and from where, in our own words", () => {
    const userAgent = "<b>Firefox/1</b> Linux https://evil.example";
    const { text, html } = newLoginEmail(ada, { ...client, userAgent }, link);
    expect(text).toContain("UTC, with Firefox on Linux at 203.0.113.7.");
    expect(text + html).not.toContain("evil.example");
  });
});

describe("writeEmail", () => {
  it.each([
    ["ada", "Hello ada,"],
    ["www.evil.example", "Hello,"], // a mail program would make a link of it
    [null, "Hello,"],
  ])("greets %s", (username, greeting) => {
    const { text } = writeEmail({ to: { ...ada, username }, subject: "s", before: [], after: [], expiresAt });
    expect(text.split("\n")[0]).toBe(greeting);
  });

  it("keeps text text in HTML", () => {
    const text = `<script>alert("1")</script> & 'more'`;
    const { html } = writeEmail({
      to: { email: "a@b.co", username: "a" },
      subject: text,
      before: [text],
      button: { label: text, path: '/"><i>' },
      after: [text],
      expiresAt,
    });
    expect(html).not.toMatch(/<script|<i>/);
    expect(
      html.match(/&lt;script&gt;alert\(&quot;1&quot;\)&lt;\/script&gt; &amp; &#39;more&#39;/g),
    ).toHaveLength(5);
  });
});
