import { randomUUID } from "node:crypto";
import { describe, expect, it, vi } from "vitest";

const mailbox = await vi.hoisted(async () =>
  (await import("../testing/mailbox")).startMailbox({ REQUIRE_VERIFIED_EMAIL: "true" }),
);

import { hashToken, newToken } from "../platform/crypto/token";
import { db } from "../platform/db";
import { DAY_MS, HOUR_MS, SECOND_MS } from "../shared/units";
import { itOnce } from "../testing/it-once";
import { emailTo, NEW_PASSWORD, newClient, newPerson, PASSWORD, tokenIn } from "../testing/people";
import { correctEmail } from "./correct-email";
import { LAPSES_PER_PASS, lapseAccounts, lapseOf } from "./lapse";
import { register } from "./register";
import { requestPasswordReset, resetPassword } from "./reset-password";

const NOW = Date.now();
const LAPSE_MS = 7 * DAY_MS;
const ago = (ms: number) => new Date(NOW - ms);

const hasAccount = async (id: string) => (await db.user.count({ where: { id } })) === 1;

/** An account as old as one that lapses, and a second older. */
async function newUser(
  more: Record<string, Date | boolean | string> = {},
  ageMs = LAPSE_MS + SECOND_MS,
): Promise<string> {
  const { id } = await newPerson({ isVerified: false });
  const data = { wasConfirmationRequired: true, createdAt: ago(ageMs), ...more };
  await db.user.update({ where: { id }, data, select: { id: true } });
  return id;
}

/** A link that confirms the address of an account until then. */
async function newLink(userId: string, expiresAt: Date): Promise<void> {
  const { emailCanonical: email } = await db.user.findUniqueOrThrow({ where: { id: userId } });
  await db.linkToken.create({
    data: { purpose: "verify-email", tokenHash: hashToken(newToken()), userId, email, expiresAt },
  });
}

itOnce("lets those lapse behind one that cannot, and fails then", async () => {
  const [first, second] = [await newUser({}, LAPSE_MS + HOUR_MS), await newUser()];
  const failing = vi.spyOn(db, "$transaction").mockRejectedValueOnce(new Error("no one foresaw that"));
  await expect(lapseAccounts(NOW)).rejects.toThrow("no one foresaw that");
  failing.mockRestore();
  expect([await hasAccount(first), await hasAccount(second)]).toEqual([true, false]);
  await lapseAccounts(NOW);
});

it("lets an account lapse that had to be confirmed and never was: its name and address are free", async () => {
  const gone = await newUser({ username: "lapsed", usernameCanonical: "lapsed" });
  const { email } = await db.user.findUniqueOrThrow({ where: { id: gone } });
  await newLink(gone, ago(SECOND_MS));
  const { id } = await db.auditEvent.create({
    data: { event: "login-failed", userId: gone, ip: "203.0.113.7" },
  });
  await lapseAccounts(NOW);
  expect(await hasAccount(gone)).toBe(false);
  expect(await db.auditEvent.findUnique({ where: { id } }), "its history names nobody").toMatchObject({
    ip: null,
  });
  expect(await db.linkToken.count({ where: { email } })).toBe(0);
  expect(await db.auditEvent.count({ where: { event: "account-lapsed" } }), "a row would name nobody").toBe(
    0,
  );
  const input = { username: "lapsed", email, password: PASSWORD, confirmation: PASSWORD };
  expect(await register(input, newClient())).toEqual({ ok: true });
});

it("lets no other account lapse", async () => {
  const kept = [
    await newUser({}, LAPSE_MS - SECOND_MS),
    await newUser({ wasConfirmationRequired: false }),
    await newUser({ emailVerified: ago(0) }),
    await newUser({ firstLoginAt: ago(0) }),
    await newUser({ lockedByOperatorAt: ago(0) }),
  ];
  const linked = await newUser();
  await newLink(linked, ago(-SECOND_MS));
  kept.push(linked);
  await lapseAccounts(NOW);
  expect(await Promise.all(kept.map(hasAccount))).toEqual(kept.map(() => true));
});

itOnce("lets none lapse under a link that still works, also one for a new password", async () => {
  const [person, other] = [await newPerson({ isVerified: false }), await newPerson({ isVerified: false })];
  const data = { wasConfirmationRequired: true, createdAt: ago(LAPSE_MS + SECOND_MS) };
  for (const { id } of [person, other]) await db.user.update({ where: { id }, data, select: { id: true } });
  expect(await requestPasswordReset({ email: person.email }, newClient())).toEqual({ ok: true });
  const token = tokenIn(await emailTo(person.email, "reset-password", mailbox));
  await lapseAccounts(Date.now());
  expect(await Promise.all([hasAccount(person.id), hasAccount(other.id)])).toEqual([true, false]);
  expect(await resetPassword({ token, password: NEW_PASSWORD }, newClient())).toMatchObject({ ok: true });
});

it("lets one that lapses meanwhile fail no request for a link", async () => {
  const { email } = await db.user.findUniqueOrThrow({ where: { id: await newUser() } });
  const racing = vi.spyOn(db, "$transaction").mockImplementationOnce(async (work) => {
    vi.restoreAllMocks();
    await lapseAccounts(Date.now());
    return db.$transaction(work as never);
  });
  expect(await requestPasswordReset({ email }, newClient())).toEqual({ ok: true });
  expect(racing).toHaveBeenCalledOnce();
  await emailTo(email, "no-account", mailbox);
});

itOnce("lets a bounded number of accounts lapse in one pass, the oldest first", async () => {
  const youngest = await newUser();
  const many = Array.from({ length: LAPSES_PER_PASS }, (_, index) => ({
    username: `lapsing-${index}`,
    usernameCanonical: `lapsing-${index}`,
    email: `lapsing-${index}@example.com`,
    emailCanonical: `lapsing-${index}@example.com`,
    wasConfirmationRequired: true,
    createdAt: ago(2 * LAPSE_MS),
  }));
  await db.user.createMany({ data: many });
  const left = () => db.user.count({ where: { usernameCanonical: { startsWith: "lapsing-" } } });
  await lapseAccounts(NOW);
  expect([await left(), await hasAccount(youngest)]).toEqual([0, true]);
  await lapseAccounts(NOW);
  expect(await hasAccount(youngest)).toBe(false);
});

itOnce("lets an account that was just given another address be confirmed there", async () => {
  const person = await newPerson({ isVerified: false });
  const data = { wasConfirmationRequired: true, createdAt: ago(LAPSE_MS + SECOND_MS) };
  await db.user.update({ where: { id: person.id }, data, select: { id: true } });
  const email = `right-${randomUUID()}@example.com`;
  const input = { account: person.email, password: PASSWORD, email };
  expect(await correctEmail(input, newClient())).toEqual({ ok: true });
  await lapseAccounts(Date.now());
  expect(await hasAccount(person.id)).toBe(true);
});

describe("lapseOf", () => {
  const account = { createdAt: ago(0), wasConfirmationRequired: true, firstLoginAt: null };

  itOnce("is the end of the days, or of a link that works longer", () => {
    expect(lapseOf(account, ago(-HOUR_MS))).toEqual(ago(-LAPSE_MS));
    expect(lapseOf(account, ago(-LAPSE_MS - HOUR_MS))).toEqual(ago(-LAPSE_MS - HOUR_MS));
  });

  itOnce("is never where no confirmed address was required, or after a login", () => {
    expect(lapseOf({ ...account, wasConfirmationRequired: false }, ago(0))).toBeNull();
    expect(lapseOf({ ...account, firstLoginAt: ago(0) }, ago(0))).toBeNull();
  });

  itOnce("is named in the email of the registration", async () => {
    const email = `new-${randomUUID()}@example.com`;
    const input = { username: "newcomer", email, password: PASSWORD, confirmation: PASSWORD };
    expect(await register(input, newClient())).toEqual({ ok: true });
    const { text } = await emailTo(email, "verify-email", mailbox);
    const day = new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeZone: "UTC" });
    const { createdAt } = await db.user.findUniqueOrThrow({ where: { usernameCanonical: "newcomer" } });
    expect(text).toContain(`this one on ${day.format(createdAt.getTime() + LAPSE_MS)} at`);
  });
});
