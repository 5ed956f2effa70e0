import { describe, expect, it, vi } from "vitest";

vi.hoisted(() => {
  process.env.AUTH_URL = "https://accounts.example.com";
});

import { CODE_TTL_MS } from "../shared/links";
import { formatDuration } from "../shared/units";
import { type Email, writeEmail } from "./email";
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

const expiresAt = new Date("2026-11-22T14:05:00Z");
const TOKEN = "A".repeat(43);

const client = { ip: "203.0.113.7", userAgent: "Firefox/140.0 Linux", requestId: null, browserToken: null };

const emails: [string, Email][] = [
  ["reset-password", passwordResetEmail("ada@example.com", { token: TOKEN, expiresAt })],
  [
    "verify-email",
    emailVerificationEmail(
      "ada@example.com",
      { id: "a-link", token: TOKEN, code: "012345", expiresAt },
      expiresAt,
    ),
  ],
  ["no-account", noAccountEmail("ada@example.com", expiresAt)],
  ["password-changed", passwordChangedEmail("ada@example.com", client, { token: TOKEN, expiresAt })],
  ["change-email", emailChangeConfirmationEmail("ada@example.com", { token: TOKEN, expiresAt })],
  ["email-taken", emailTakenEmail("ada@example.com", expiresAt)],
  [
    "email-change-requested",
    emailChangeRequestedEmail("ada@example.com", client, { token: TOKEN, expiresAt }),
  ],
  ["email-changed", emailChangedEmail("ada@example.com", client, { token: TOKEN, expiresAt })],
  ["email-changed, never confirmed", emailChangedEmail("ada@example.com", client, "never-confirmed")],
  ["email-changed, for an earlier one", emailChangedEmail("ada@example.com", client, "went-back")],
  ["email-restored", emailRestoredEmail("ada@example.com")],
  ["new-login", newLoginEmail("ada@example.com", client, { token: TOKEN, expiresAt })],
  [
    "later-logins",
    laterLoginsEmail("ada@example.com", [{ ...client, createdAt: new Date() }], { token: TOKEN, expiresAt }),
  ],
];

describe.each(emails)("the email %s", (_name, { to, subject, text, html }) => {
  it("goes to one address under one short line", () => {
    expect(to).toBe("ada@example.com");
    expect(subject).toMatch(/^[\x20-\x7e]{1,60}$/);
  });

  it("says the same in both its forms", () => {
    const body = html
      .replace(/^[\s\S]*<\/h1>/, "")
      .replace(/<a [^>]*href="([^"]*)"[^>]*>([^<]*)<\/a>/g, "$2: $1");
    const words = (form: string) => form.replace(/<[^>]*>/g, " ").match(/[\w/:?=.]+/g);
    expect(words(body)).toEqual(words(text.replace("-- \n", "")));
  });

  it("has one link at most, to the configured address", () => {
    const links = [...text.matchAll(/https?:\S+/g), ...html.matchAll(/https?:[^"'\s<]+/g)].map(
      ([link]) => link,
    );
    expect([0, 2]).toContain(links.length);
    expect(new Set(links).size).toBe(links.length / 2);
    for (const link of links) expect(link).toMatch(/^https:\/\/accounts\.example\.com\//);
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
    const { subject, text, html } = passwordResetEmail("ada@example.com", { token: TOKEN, expiresAt });
    expect(text.split(TOKEN)).toHaveLength(2);
    expect(html.split(TOKEN)).toHaveLength(2);
    expect(subject).not.toContain(TOKEN);
    expect(text).toContain("22 November 2026 at 14:05 UTC");
  });
});

describe("emailVerificationEmail", () => {
  it("says how long its code works", () => {
    const made = { id: "a-link", token: TOKEN, code: "012345", expiresAt };
    expect(emailVerificationEmail("ada@example.com", made, null).text).toContain(
      `within ${formatDuration(CODE_TTL_MS)},`,
    );
  });
});

describe("newLoginEmail", () => {
  it("says when, with what and from where, in our own words", () => {
    const link = { token: TOKEN, expiresAt };
    const userAgent = "<b>Firefox/1</b> Linux https://evil.example";
    const { text, html } = newLoginEmail("ada@example.com", { ...client, userAgent }, link);
    expect(text).toContain("UTC, with Firefox on Linux at 203.0.113.7.");
    expect(text + html).not.toContain("evil.example");
  });
});

describe("writeEmail", () => {
  it("keeps text text in HTML", () => {
    const text = `<script>alert("1")</script> & 'more'`;
    const { html } = writeEmail({
      to: "a@b.co",
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
