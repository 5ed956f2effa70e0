import { randomUUID } from "node:crypto";
import { afterEach, describe, expect, it, vi } from "vitest";

const { mailbox } = await vi.hoisted(async () => {
  const { Mailbox } = await import("../e2e/support/mailbox");
  const mailbox = new Mailbox();
  await mailbox.start();
  Object.assign(process.env, mailbox.settings);
  return { mailbox };
});

import { linkIn } from "../e2e/support/mailbox";
import { authenticate, requestPasswordReset, resetPassword } from "./accounts";
import type { Caller } from "./caller";
import { db } from "./db";
import { LETTER_LIMITS, LOGIN_LIMITS } from "./limits";
import { deliverDue } from "./mail/outbox";
import { hashPassword } from "./password";
import { takeLogin } from "./rate-limit";
import { findSession, openSession } from "./session";

const OLD = "the old password, long enough";
const NEW = "quite another password";

let last = 0;
const newCaller = (): Caller => ({
  ip: `203.0.113.${++last}`,
  userAgent: "Firefox/140.0 Linux",
  requestId: null,
  device: null,
});

async function newPerson() {
  const email = `Ada-${randomUUID()}@example.com`;
  const emailCanonical = email.toLowerCase();
  const { id } = await db.user.create({
    data: {
      username: email,
      usernameCanonical: emailCanonical,
      email,
      emailCanonical,
      passwordHash: await hashPassword(OLD),
    },
    select: { id: true },
  });
  return { id, email, emailCanonical };
}

/** Asks for a link as a visitor does, and takes the token out of the letter. */
async function askForLink(email: string): Promise<string> {
  const before = mailbox.to(email, "reset-password").length;
  expect(await requestPasswordReset({ email }, newCaller())).toEqual({ ok: true });
  await deliverDue();
  return (
    new URL(linkIn(await mailbox.latest(email, "reset-password", before + 1)), "http://x").searchParams.get(
      "token",
    ) ?? ""
  );
}

const eventsOf = async (userId: string) =>
  (await db.auditEvent.findMany({ where: { userId }, orderBy: { at: "asc" } })).map(({ event }) => event);

afterEach(async () => {
  await db.letter.deleteMany();
  await db.rateLimit.deleteMany();
});

describe("requestPasswordReset", () => {
  it("writes to the address as its owner typed it, whatever case was asked with", async () => {
    const { id, email } = await newPerson();
    await requestPasswordReset({ email: email.toUpperCase() }, newCaller());
    await deliverDue();
    expect((await mailbox.latest(email, "reset-password")).text).toContain("/reset-password?token=");
    expect(await eventsOf(id)).toEqual(["reset-requested"]);
  });

  it("writes to an address nobody has that nobody has it, without a secret", async () => {
    const email = `nobody-${randomUUID()}@example.com`;
    expect(await requestPasswordReset({ email }, newCaller())).toEqual({ ok: true });
    await deliverDue();
    const { text } = await mailbox.latest(email, "no-account");
    expect(text).toContain("There is no account");
    expect(text).not.toContain("token");
  });

  it.each(["known", "unknown"])(
    "stops after five letters an hour to one address, %s or not",
    async (kind) => {
      const email = kind === "known" ? (await newPerson()).email : `nobody-${randomUUID()}@example.com`;
      for (let count = 0; count < LETTER_LIMITS.perAddress; count++)
        expect(await requestPasswordReset({ email }, newCaller())).toEqual({ ok: true });
      const refused = await requestPasswordReset({ email }, newCaller());
      expect(refused).toMatchObject({ ok: false, reason: "throttled" });
      expect(await db.letter.count()).toBe(LETTER_LIMITS.perAddress);
    },
  );

  it("stops after twenty letters an hour from one network", async () => {
    const caller = newCaller();
    const ask = () => requestPasswordReset({ email: `x-${randomUUID()}@example.com` }, caller);
    for (let count = 0; count < LETTER_LIMITS.perNetwork; count++) expect(await ask()).toEqual({ ok: true });
    expect(await ask()).toMatchObject({ ok: false, reason: "throttled" });
    expect(await requestPasswordReset({ email: "someone@example.com" }, newCaller())).toEqual({ ok: true });
  });

  it("takes as long for an address nobody has", async () => {
    const times: [known: number[], unknown: number[]] = [[], []];
    for (let pair = 0; pair < 30; pair++) {
      const name = `ada-${randomUUID()}@example.com`;
      await db.user.create({
        data: { username: name, usernameCanonical: name, email: name, emailCanonical: name },
      });
      for (const [index, email] of [name, `no-${name}`].entries()) {
        const start = performance.now();
        await requestPasswordReset({ email }, { ...newCaller(), ip: `198.51.100.${2 * pair + index}` });
        times[index]?.push(performance.now() - start);
      }
    }
    const [known = 0, unknown = 0] = times.map((ms) => ms.sort((a, b) => a - b)[ms.length / 2]);
    // What separates the two would be an insert or a look-up more; a busy machine is as busy for both.
    expect(Math.abs(known - unknown)).toBeLessThan(Math.max(30, 0.15 * known));
  });

  it("changes nothing about the account", async () => {
    const { email } = await newPerson();
    await askForLink(email);
    expect(await authenticate({ email, password: OLD }, newCaller())).toMatchObject({ ok: true });
  });
});

describe("resetPassword", () => {
  it("sets the password, ends every session and tells the owner, whom it does not log in", async () => {
    const { id, email } = await newPerson();
    const sessions = [await openSession(id, false, newCaller()), await openSession(id, true, newCaller())];
    const token = await askForLink(email);
    expect(await resetPassword({ token, password: NEW }, newCaller())).toEqual({ ok: true });

    for (const session of sessions) expect(await findSession(session)).toBeNull();
    expect(await db.session.count({ where: { userId: id } })).toBe(0);
    expect(await authenticate({ email, password: OLD }, newCaller())).toMatchObject({ reason: "refused" });
    expect(await authenticate({ email, password: NEW }, newCaller())).toMatchObject({ ok: true });
    await deliverDue();
    const { text } = await mailbox.latest(email, "password-changed");
    expect(text).toContain("was changed");
    expect(text).toContain("Firefox on Linux");
    expect(text).toContain("/lock-account?token=");
    expect((await eventsOf(id)).slice(0, 2)).toEqual(["reset-requested", "password-reset"]);
  });

  it("works once and never again", async () => {
    const { email } = await newPerson();
    const token = await askForLink(email);
    expect(await resetPassword({ token, password: NEW }, newCaller())).toEqual({ ok: true });
    const again = await resetPassword({ token, password: OLD }, newCaller());
    expect(again).toEqual({ ok: false, reason: "link-spent" });
    expect(await authenticate({ email, password: NEW }, newCaller())).toMatchObject({ ok: true });
  });

  it("has one winner of four clicks at once", async () => {
    const { email } = await newPerson();
    const token = await askForLink(email);
    const passwords = [0, 1, 2, 3].map((n) => `${NEW} ${n}`);
    const outcomes = await Promise.all(
      passwords.map((password) => resetPassword({ token, password }, newCaller())),
    );
    expect(outcomes.filter(({ ok }) => ok)).toHaveLength(1);
    const winner = passwords[outcomes.findIndex(({ ok }) => ok)] ?? "";
    expect(await authenticate({ email, password: winner }, newCaller())).toMatchObject({ ok: true });
  });

  it("opens an account shut by failures", async () => {
    const { email, emailCanonical } = await newPerson();
    const token = await askForLink(email);
    const caller = newCaller();
    for (let failure = 0; failure < LOGIN_LIMITS.failuresBeforeWait; failure++)
      await takeLogin(emailCanonical, caller);
    expect((await takeLogin(emailCanonical, caller)).ok).toBe(false);
    await resetPassword({ token, password: NEW }, caller);
    expect(await authenticate({ email, password: NEW }, caller)).toMatchObject({ ok: true });
  });

  it("refuses a weak password and leaves the link alone", async () => {
    const { email } = await newPerson();
    const token = await askForLink(email);
    const weak = await resetPassword({ token, password: "sunshine" }, newCaller());
    expect(weak).toMatchObject({ ok: false, reason: "weak-password" });
    const own = await resetPassword({ token, password: email }, newCaller());
    expect(own).toMatchObject({ ok: false, reason: "weak-password" });
    expect(await resetPassword({ token, password: NEW }, newCaller())).toEqual({ ok: true });
  });

  it("hashes nothing for a link that does not work", async () => {
    const hash = vi.spyOn(await import("./password/pool").then(({ hashPool }) => hashPool()), "run");
    const outcome = await resetPassword({ token: "A".repeat(43), password: NEW }, newCaller());
    expect(outcome).toEqual({ ok: false, reason: "link-spent" });
    expect(hash).not.toHaveBeenCalled();
  });
});
