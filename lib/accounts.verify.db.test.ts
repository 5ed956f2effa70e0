import { randomUUID } from "node:crypto";
import { afterEach, describe, expect, it, vi } from "vitest";

const { mailbox } = await vi.hoisted(async () => {
  const { Mailbox } = await import("../e2e/support/mailbox");
  const mailbox = new Mailbox();
  await mailbox.start();
  Object.assign(process.env, mailbox.settings, { REQUIRE_VERIFIED_EMAIL: "true" });
  return { mailbox };
});

import { linkIn, type Subject } from "../e2e/support/mailbox";
import {
  authenticate,
  register,
  requestPasswordReset,
  requestVerification,
  resetPassword,
  verifyEmail,
  verifyEmailByCode,
} from "./accounts";
import type { Caller } from "./caller";
import { db } from "./db";
import { LETTER_LIMITS } from "./limits";
import { deliverDue } from "./mail/outbox";

const password = "correct horse battery staple";

let last = 0;
const newCaller = (): Caller => ({
  ip: `203.0.113.${++last}`,
  userAgent: null,
  requestId: null,
  device: null,
});

/** Registers somebody and reads their letter. */
async function newPerson() {
  const name = `a${randomUUID().slice(0, 12)}`;
  const email = `${name}@example.com`;
  const registered = await register({ username: name, email, password, confirmation: password }, newCaller());
  expect(registered).toEqual({ ok: true });
  const { id } = await db.user.findUniqueOrThrow({ where: { emailCanonical: email }, select: { id: true } });
  return { id, email, emailCanonical: email, ...(await readLetter(email, "verify-email")) };
}

async function readLetter(email: string, subject: Subject, count = 1) {
  await deliverDue();
  const mail = await mailbox.latest(email, subject, count);
  const token = new URL(linkIn(mail), "http://x").searchParams.get("token") ?? "";
  return { token, code: /: (\d{6})$/m.exec(mail.text)?.[1] ?? "" };
}

const isVerified = async (id: string) =>
  (await db.user.findUniqueOrThrow({ where: { id }, select: { emailVerified: true } })).emailVerified !==
  null;

const eventsOf = async (userId: string) =>
  (await db.auditEvent.findMany({ where: { userId }, orderBy: { at: "asc" } })).map(({ event }) => event);

afterEach(() => db.rateLimit.deleteMany());

describe("verifyEmail", () => {
  it("confirms the address by the link of the letter, once", async () => {
    const { id, token } = await newPerson();
    expect(await isVerified(id)).toBe(false);
    expect(await verifyEmail(token, newCaller())).toBe(true);
    expect(await isVerified(id)).toBe(true);
    expect(await verifyEmail(token, newCaller())).toBe(false);
    expect(await eventsOf(id)).toEqual(["registered", "email-verified"]);
  });

  it("refuses a link for another purpose", async () => {
    const { id, email } = await newPerson();
    await requestPasswordReset({ email }, newCaller());
    const { token } = await readLetter(email, "reset-password");
    expect(await verifyEmail(token, newCaller())).toBe(false);
    expect(await isVerified(id)).toBe(false);
  });
});

describe("verifyEmailByCode", () => {
  it("confirms the address by the code of the letter, whatever case it is typed in", async () => {
    const { id, email, code } = await newPerson();
    expect(await verifyEmailByCode({ email: email.toUpperCase(), code }, newCaller())).toBe(true);
    expect(await isVerified(id)).toBe(true);
  });

  it("keeps count of wrong codes though nothing else changes", async () => {
    const { id, email, code } = await newPerson();
    const wrong = code === "000000" ? "111111" : "000000";
    for (let tries = 0; tries < 5; tries++)
      expect(await verifyEmailByCode({ email, code: wrong }, newCaller())).toBe(false);
    expect(await verifyEmailByCode({ email, code }, newCaller())).toBe(false);
    expect(await isVerified(id)).toBe(false);
  });

  it("says no for an address nobody has", async () => {
    const email = `nobody-${randomUUID()}@example.com`;
    expect(await verifyEmailByCode({ email, code: "123456" }, newCaller())).toBe(false);
  });
});

describe("requestVerification", () => {
  it("sends another letter, five an hour", async () => {
    const person = await newPerson();
    for (let count = 0; count < LETTER_LIMITS.perAddress; count++)
      expect(await requestVerification(person, newCaller())).toEqual({ ok: true });
    expect(await requestVerification(person, newCaller())).toMatchObject({ reason: "throttled" });
    const { token } = await readLetter(person.email, "verify-email", 6);
    expect(await verifyEmail(token, newCaller())).toBe(true);
  });
});

describe("authenticate, where REQUIRE_VERIFIED_EMAIL is set", () => {
  it("lets nobody in before the address is confirmed, and sends the letter again", async () => {
    const { id, email } = await newPerson();
    expect(await authenticate({ email, password }, newCaller())).toEqual({ ok: false, reason: "unverified" });
    const { token } = await readLetter(email, "verify-email", 2);
    await verifyEmail(token, newCaller());
    expect(await authenticate({ email, password }, newCaller())).toMatchObject({ ok: true, userId: id });
  });

  it("tells it to nobody who does not know the password", async () => {
    const { email } = await newPerson();
    const answer = await authenticate({ email, password: "another" }, newCaller());
    expect(answer).toEqual({ ok: false, reason: "refused" });
  });

  it("lets in who chose a new password by a letter: the address is shown to be theirs", async () => {
    const { email } = await newPerson();
    await requestPasswordReset({ email }, newCaller());
    const { token } = await readLetter(email, "reset-password");
    await resetPassword({ token, password: "quite another password" }, newCaller());
    const answer = await authenticate({ email, password: "quite another password" }, newCaller());
    expect(answer).toMatchObject({ ok: true });
  });
});
