import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { afterEach, describe, expect, it, vi } from "vitest";

await vi.hoisted(async () => (await import("../testing/mailbox")).startMailbox());

import { enqueueEmail } from "../mail/outbox";
import { db } from "../platform/db";
import { newCode } from "../security/codes";
import { keepFormerUsername } from "../security/former-usernames";
import { makeLinkToken } from "../security/link-tokens";
import { findSession, openSession } from "../security/sessions";
import { EXPORT_LIMITS } from "../shared/limits";
import { itOnce } from "../testing/it-once";
import { passkeyOf } from "../testing/passkeys";
import * as people from "../testing/people";
import { enter, eventsOf, logIn, newClient, newEmail, PASSWORD, type Person } from "../testing/people";
import { giveApp } from "../testing/second-factors";
import { requestEmailChange } from "./change-email";
import { exportData } from "./export-data";

/** Someone of whose history nothing is kept yet. */
async function newPerson(options = {}): Promise<people.Person> {
  const person = await people.newPerson(options);
  await db.auditEvent.deleteMany({ where: { userId: person.id } });
  return person;
}

const SECRET_TEXT = "a text with a secret";

/** Puts an email into the outbox that leaves tomorrow. */
const enqueue = (to: string, subject: string) => {
  const tomorrow = new Date(Date.now() + 86_400_000);
  const email = { to, subject, text: SECRET_TEXT, html: SECRET_TEXT, expiresAt: tomorrow };
  return db.$transaction((tx) => enqueueEmail(email, tx, { dueAt: tomorrow }));
};

/** Someone of whom everything is kept that can be, and the secrets among it. */
async function someoneWithEverything() {
  const person = await newPerson({ isVerified: false });
  const { id: userId, emailCanonical } = person;
  const outcome = await enter(person);
  if (!outcome.ok) return expect.fail("not logged in");
  await openSession(userId, true, newClient());
  const app = await giveApp(person);
  expect(await enter(person)).toMatchObject({ reason: "second-factor" });
  await logIn(person.email, "a wrong guess");
  const code = newCode();
  const link = await db.$transaction((tx) =>
    makeLinkToken("verify-email", { userId, emailCanonical }, tx, code),
  );
  const address = "ada@elsewhere.example";
  const back = await db.$transaction((tx) =>
    makeLinkToken("restore-email", { userId, emailCanonical: address, address }, tx),
  );
  const tokens = {
    access_token: "an-access-token",
    refresh_token: "a-refresh-token",
    id_token: "an-id-token",
  };
  await db.account.create({
    data: { userId, type: "oidc", provider: "example", providerAccountId: userId, ...tokens },
  });
  await enqueue(person.email, "Confirm your email address");
  await passkeyOf(person);
  const updatedAt = new Date();
  const bytes = new TextEncoder().encode("a picture");
  await db.picture.create({ data: { userId, bytes, hash: "0".repeat(64), updatedAt } });
  await keepFormerUsername(userId, { username: "Ada", usernameCanonical: randomUUID() }, db);
  const { passwordHash } = await db.user.findUniqueOrThrow({
    where: { id: userId },
    select: { passwordHash: true },
  });
  const ofPerson = { where: { userId }, select: { tokenHash: true } };
  const rows = await Promise.all([
    db.session.findMany(ofPerson),
    db.knownBrowser.findMany(ofPerson),
    db.linkToken.findMany(ofPerson),
    db.pendingLogin.findMany(ofPerson),
  ]);
  const { sealed } = await db.authenticator.findUniqueOrThrow({ where: { userId } });
  const hashes = await db.recoveryCode.findMany({ where: { userId }, select: { hash: true } });
  const secrets = [
    ...rows.flat().map(({ tokenHash }) => tokenHash),
    ...[passwordHash, outcome.session.token, outcome.browserToken, link.token, back.token, code, SECRET_TEXT],
    ...Object.values(tokens),
    ...[app.secret, sealed, ...app.recoveryCodes, ...hashes.map(({ hash }) => hash)],
  ];
  return { person, token: outcome.session.token, secrets };
}

async function copyOf({ id }: Pick<Person, "id">, sessionId: string | null = null) {
  const outcome = await exportData(id, sessionId, newClient());
  return outcome.ok ? outcome.data : expect.fail("throttled");
}

/** The dotted names in a value, those of a list's first element with []. */
function namesIn(value: unknown, prefix = ""): string[] {
  if (Array.isArray(value)) return namesIn(value[0], `${prefix}[]`);
  if (value === null || typeof value !== "object") return [prefix];
  return Object.entries(value).flatMap(([name, inner]) =>
    namesIn(inner, prefix ? `${prefix}.${name}` : name),
  );
}

afterEach(async () => {
  await db.outboxEmail.deleteMany();
  await db.rateLimit.deleteMany();
});

describe("exportData", () => {
  it("has everything that is kept about a person, and the session that asks", async () => {
    const { person, token } = await someoneWithEverything();
    const session = await findSession(token);
    const copy = await copyOf(person, session?.id);
    expect(copy.profile).toMatchObject({ email: person.email, username: person.username, hasPassword: true });
    expect(copy.sessions.map(({ isThisOne }) => isThisOne).sort()).toEqual([false, true]);
    expect(copy.knownBrowsers).toMatchObject([{ userAgent: "Firefox/140.0 Linux" }]);
    expect(copy.connections).toMatchObject([{ provider: "example", providerAccountId: person.id }]);
    expect(copy.openLinks).toMatchObject([
      { purpose: "restore-email", newEmail: "ada@elsewhere.example" },
      { purpose: "verify-email", sentTo: person.emailCanonical, newEmail: null },
    ]);
    expect(copy.waitingEmails).toMatchObject([{ to: person.email, subject: "Confirm your email address" }]);
    expect(atob(copy.picture?.webp ?? "")).toBe("a picture");
    expect(copy.formerUsernames).toMatchObject([{ username: "Ada" }]);
    expect(copy).toMatchObject({
      authenticator: { createdAt: expect.any(Date) },
      recoveryCodes: { left: 10 },
    });
    expect(copy.pendingLogins).toMatchObject([{ how: "password", isRemembered: false }]);
    expect(copy.history.map(({ event, how }) => [event, how])).toEqual([
      ["login-failed", null],
      ["login-half-done", null],
      ["login", "password"],
    ]);
    expect(copy.isHistoryWhole).toBe(true);
    expect((await eventsOf(person)).at(-1)).toBe("data-exported");
  });

  itOnce("has no secret", async () => {
    const { person, secrets } = await someoneWithEverything();
    const text = JSON.stringify(await copyOf(person));
    for (const secret of secrets) expect(text).not.toContain(secret);
    expect(text).not.toMatch(/hash"|token"|code"|"text"|"html"/i);
  });

  itOnce("has nothing of anybody else, and no link that is over", async () => {
    const [{ person: neighbour }, person] = [await someoneWithEverything(), await newPerson()];
    const made = await db.$transaction((tx) =>
      makeLinkToken("reset-password", { userId: person.id, emailCanonical: person.emailCanonical }, tx),
    );
    await db.linkToken.update({ where: { id: made.id }, data: { expiresAt: new Date() } });
    const copy = await copyOf(person);
    const { profile, format, madeAt, isHistoryWhole, ...lists } = copy;
    expect(lists).toEqual({
      picture: null,
      formerUsernames: [],
      sessions: [],
      knownBrowsers: [],
      connections: [],
      authenticator: null,
      recoveryCodes: null,
      passkeys: [],
      pendingLogins: [],
      openLinks: [],
      waitingEmails: [],
      history: [],
    });
    expect(JSON.stringify(copy)).not.toContain(neighbour.email);
  });

  itOnce("does not tell whether another account has the address that was asked for", async () => {
    const [asking, other] = [await newPerson(), await newPerson()];
    const copies = [];
    for (const email of [other.email, newEmail()]) {
      const input = { email, password: PASSWORD };
      expect(await requestEmailChange(asking, input, newClient())).toEqual({ ok: true });
      copies.push((await copyOf(asking)).openLinks.map(({ purpose }) => purpose));
      await db.linkToken.deleteMany({ where: { userId: asking.id } });
    }
    expect(copies[0]).toEqual(copies[1]);
  });

  itOnce("has the fields that EXPORT.md explains, and no others", async () => {
    const { person } = await someoneWithEverything();
    const explained = readFileSync(new URL("../../.github/EXPORT.md", import.meta.url), "utf8")
      .split("\n")
      .flatMap((line) => /^\| `([^`]+)`/.exec(line)?.[1] ?? []);
    const file: unknown = JSON.parse(JSON.stringify(await copyOf(person)));
    expect(namesIn(file).sort()).toEqual(explained.sort());
  });

  itOnce("is made ten times an hour at most, for one person", async () => {
    const [person, neighbour] = [await newPerson(), await newPerson()];
    for (let copy = 0; copy < EXPORT_LIMITS.perAccount; copy++) await copyOf(person);
    expect(await exportData(person.id, null, newClient())).toMatchObject({ reason: "throttled" });
    expect(await exportData(neighbour.id, null, newClient())).toMatchObject({ ok: true });
  });
});
