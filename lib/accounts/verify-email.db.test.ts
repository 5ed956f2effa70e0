import { randomUUID } from "node:crypto";
import { afterEach, describe, expect, it, vi } from "vitest";

const mailbox = await vi.hoisted(async () =>
  (await import("../testing/mailbox")).startMailbox({ REQUIRE_VERIFIED_EMAIL: "true" }),
);

import { deliverDue } from "../mail/outbox";
import { SEND_TIMEOUT_MS } from "../mail/transport";
import { db } from "../platform/db";
import { CODE_LIMITS, EMAIL_LIMITS } from "../shared/limits";
import { CODE_TTL_MS } from "../shared/links";
import { HOUR_MS } from "../shared/units";
import type { Subject } from "../testing/mail-sink";
import {
  emailTo,
  eventsOf,
  logIn,
  NEW_PASSWORD,
  newClient,
  newEmail,
  PASSWORD,
  tokenIn,
} from "../testing/people";
import { lockAsOperator } from "./operator";
import { register } from "./register";
import { requestPasswordReset, resetPassword } from "./reset-password";
import { requestVerification, verifyEmail, verifyEmailByCode } from "./verify-email";

const WRONG_CODE = { ok: false, reason: "wrong-code" };

/** Registers a person and reads their email. */
async function newcomer() {
  const email = newEmail();
  const input = {
    username: `a${randomUUID().slice(0, 12)}`,
    email,
    password: PASSWORD,
    confirmation: PASSWORD,
  };
  expect(await register(input, newClient())).toEqual({ ok: true });
  const emailCanonical = email.toLowerCase();
  const { id } = await db.user.findUniqueOrThrow({ where: { emailCanonical }, select: { id: true } });
  return { id, email, emailCanonical, ...(await readEmail(email, "verify-email")) };
}

async function readEmail(email: string, subject: Subject, count = 1) {
  const mail = await emailTo(email, subject, mailbox, count);
  return { token: tokenIn(mail), code: /^(\d{6})$/m.exec(mail.text)?.[1] ?? "" };
}

const isVerified = async (id: string) =>
  (await db.user.findUniqueOrThrow({ where: { id }, select: { emailVerified: true } })).emailVerified !==
  null;

afterEach(() => db.rateLimit.deleteMany());

describe("verifyEmail", () => {
  it("confirms the address by the link of the email, once", async () => {
    const { id, token } = await newcomer();
    expect(await isVerified(id)).toBe(false);
    expect(await verifyEmail(token, newClient())).toBe(true);
    expect(await isVerified(id)).toBe(true);
    expect(await verifyEmail(token, newClient())).toBe(false);
    expect(await eventsOf({ id })).toEqual(["registered", "email-verified"]);
  });

  it("refuses a link for another purpose", async () => {
    const { id, email } = await newcomer();
    await requestPasswordReset({ email }, newClient());
    const { token } = await readEmail(email, "reset-password");
    expect(await verifyEmail(token, newClient())).toBe(false);
    expect(await isVerified(id)).toBe(false);
  });
});

describe("verifyEmailByCode", () => {
  it("takes a code for ten minutes from when its email left, however long that had waited", async () => {
    const { id, email, emailCanonical } = await newcomer();
    await mailbox.stop();
    await requestVerification({ id, email, emailCanonical }, newClient());
    await deliverDue(); // in vain
    const longAgo = new Date(Date.now() - HOUR_MS);
    await db.linkToken.updateMany({
      where: { userId: id, codeHash: { not: null } },
      data: { codeExpiresAt: longAgo },
    });
    await mailbox.start();
    await db.outboxEmail.updateMany({ data: { dueAt: new Date() } });
    const { code } = await readEmail(email, "verify-email", 2);
    const { codeExpiresAt } = await db.linkToken.findFirstOrThrow({
      where: { userId: id, codeHash: { not: null } },
    });
    const left = (codeExpiresAt?.getTime() ?? 0) - Date.now();
    expect(left).toBeGreaterThan(CODE_TTL_MS - 10_000);
    expect(left).toBeLessThanOrEqual(CODE_TTL_MS + SEND_TIMEOUT_MS);
    expect(await verifyEmailByCode({ email, code }, newClient())).toEqual({ ok: true });
  });

  it("confirms the address by the code of the email, whatever case it is typed in", async () => {
    const { id, email, code } = await newcomer();
    expect(await verifyEmailByCode({ email: email.toUpperCase(), code }, newClient())).toEqual({ ok: true });
    expect(await isVerified(id)).toBe(true);
  });

  it("keeps count of wrong codes though nothing else changes", async () => {
    const { id, email, code } = await newcomer();
    const wrong = code === "000000" ? "111111" : "000000";
    for (let tries = 0; tries < 5; tries++)
      expect(await verifyEmailByCode({ email, code: wrong }, newClient())).toEqual(WRONG_CODE);
    expect(await verifyEmailByCode({ email, code }, newClient())).toEqual(WRONG_CODE);
    expect(await isVerified(id)).toBe(false);
  });

  it("says no for an address without an account", async () => {
    const input = { email: newEmail(), code: "123456" };
    expect(await verifyEmailByCode(input, newClient())).toEqual(WRONG_CODE);
  });

  it.each(["known", "unknown"])("looks at twenty codes an hour for one address, %s or not", async (kind) => {
    const { email, code } = kind === "known" ? await newcomer() : { email: newEmail(), code: "123456" };
    const wrong = code === "000000" ? "111111" : "000000";
    for (let tries = 0; tries < CODE_LIMITS.perAddress; tries++)
      expect(await verifyEmailByCode({ email, code: wrong }, newClient())).toEqual(WRONG_CODE);
    const outcome = await verifyEmailByCode({ email, code }, newClient());
    expect(outcome).toMatchObject({ ok: false, reason: "throttled" });
  });

  it("looks at sixty an hour from one network, the right one for another address among them", async () => {
    const { id, email, code } = await newcomer();
    const client = newClient();
    for (let tries = 0; tries < CODE_LIMITS.perNetwork; tries++)
      await verifyEmailByCode({ email: newEmail(), code: "123456" }, client);
    expect(await verifyEmailByCode({ email, code }, client)).toMatchObject({ reason: "throttled" });
    expect(await isVerified(id)).toBe(false);
    expect(await verifyEmailByCode({ email, code }, newClient())).toEqual({ ok: true });
  });
});

describe("requestVerification", () => {
  it("sends another email, five an hour", async () => {
    const person = await newcomer();
    for (let count = 0; count < EMAIL_LIMITS.perAddress; count++)
      expect(await requestVerification(person, newClient())).toEqual({ ok: true });
    expect(await requestVerification(person, newClient())).toMatchObject({ reason: "throttled" });
    const { token } = await readEmail(person.email, "verify-email", 6);
    expect(await verifyEmail(token, newClient())).toBe(true);
  });
});

describe("logInWithPassword, where REQUIRE_VERIFIED_EMAIL is set", () => {
  it("opens no session before the address is confirmed, and sends the email again", async () => {
    const { id, email } = await newcomer();
    expect(await logIn(email)).toEqual({
      ok: false,
      reason: "unverified",
    });
    expect(await db.session.count({ where: { userId: id } })).toBe(0);
    expect(await db.knownBrowser.count({ where: { userId: id } })).toBe(0);
    const { token } = await readEmail(email, "verify-email", 2);
    await verifyEmail(token, newClient());
    expect(await logIn(email)).toMatchObject({
      ok: true,
      session: { userId: id },
    });
  });

  it("tells of a lock first", async () => {
    const { email } = await newcomer();
    await lockAsOperator(email, newClient());
    expect(await logIn(email)).toEqual({ ok: false, reason: "locked", by: "operator" });
  });

  it("tells it only to a person who knows the password", async () => {
    const { email } = await newcomer();
    const answer = await logIn(email, "another");
    expect(answer).toEqual({ ok: false, reason: "refused" });
  });

  it("lets a person in who set a new password by an emailed link: the address is shown to be theirs", async () => {
    const { email } = await newcomer();
    await requestPasswordReset({ email }, newClient());
    const { token } = await readEmail(email, "reset-password");
    await resetPassword({ token, password: NEW_PASSWORD }, newClient());
    const answer = await logIn(email, NEW_PASSWORD);
    expect(answer).toMatchObject({ ok: true });
  });
});
