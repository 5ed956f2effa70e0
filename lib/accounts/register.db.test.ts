import { randomUUID } from "node:crypto";
import { describe, expect, it, vi } from "vitest";
import { db } from "../platform/db";
import { hashPool } from "../security/passwords/pool";
import { REGISTRATION_LIMITS } from "../shared/limits";
import { fillHashQueue } from "../testing/fill-hash-queue";
import { itOnce } from "../testing/it-once";
import { logIn, newClient, newEmail, newPerson, PASSWORD } from "../testing/people";
import * as accounts from "./register";

const register = (input: Parameters<typeof accounts.register>[0], client = newClient()) =>
  accounts.register(input, client);

function newInput() {
  const username = `u${randomUUID().slice(0, 12)}`;
  return { username, email: newEmail().toLowerCase(), password: PASSWORD, confirmation: PASSWORD };
}

describe("register", () => {
  it("keeps the name and email as typed, and of the password a bcrypt hash alone", async () => {
    const input = newInput();
    const typed = { ...input, username: input.username.toUpperCase(), email: input.email.toUpperCase() };
    expect(await register(typed)).toEqual({ ok: true });
    const user = await db.user.findUniqueOrThrow({
      where: { emailCanonical: input.email },
      omit: { passwordHash: false },
    });
    expect(user).toMatchObject({ username: typed.username, email: typed.email });
    expect(user.passwordHash).toMatch(/^\$2b\$12\$/);
    expect(JSON.stringify(user)).not.toContain(PASSWORD);
  });

  itOnce("notes on the account whether a confirmed address was required then: here it was not", async () => {
    const input = newInput();
    await register(input);
    const user = await db.user.findUniqueOrThrow({ where: { emailCanonical: input.email } });
    expect(user.wasConfirmationRequired).toBe(false);
  });

  it("refuses a taken name, a taken email, and both at once, whatever the case", async () => {
    const taken = newInput();
    await register(taken);
    const free = newInput();
    expect(await register({ ...free, username: taken.username.toUpperCase() })).toEqual({
      ok: false,
      reason: "taken",
      fields: ["username"],
    });
    expect(await register({ ...free, email: taken.email.toUpperCase() })).toEqual({
      ok: false,
      reason: "taken",
      fields: ["email"],
    });
    expect(await register({ ...taken, username: taken.username.toUpperCase() })).toEqual({
      ok: false,
      reason: "taken",
      fields: ["username", "email"],
    });
  });

  itOnce(
    "keeps one account for all spellings of an address, shown as typed and logged in to by each",
    async () => {
      const name = randomUUID();
      const email = `Ada-${name}@Bücher.example`;
      expect(await register({ ...newInput(), email })).toEqual({ ok: true });
      const [bare, ascii] = [`ada-${name}@bücher.example`, `ADA-${name}@XN--BCHER-KVA.example`];
      for (const spelling of [bare, bare.normalize("NFD"), bare.replaceAll(".", "。"), ascii]) {
        expect(await register({ ...newInput(), email: spelling })).toMatchObject({ fields: ["email"] });
        expect(await logIn(spelling)).toMatchObject({ ok: true });
      }
      const user = await db.user.findUniqueOrThrow({ where: { emailCanonical: ascii.toLowerCase() } });
      expect(user.email).toBe(email);
    },
  );

  it("names both fields when they belong to two people", async () => {
    const [ada, bob] = [newInput(), newInput()];
    await register(ada);
    await register(bob);
    expect(await register({ ...newInput(), username: ada.username, email: bob.email })).toEqual({
      ok: false,
      reason: "taken",
      fields: ["username", "email"],
    });
  });

  it("lets one of many racing for a name win and gives the others the field errors", async () => {
    const input = newInput();
    const outcomes = await Promise.all(
      Array.from({ length: 8 }, (_, i) =>
        register({ ...input, username: i % 2 ? input.username : input.username.toUpperCase() }),
      ),
    );
    expect(outcomes.filter((outcome) => outcome.ok)).toHaveLength(1);
    for (const outcome of outcomes)
      if (!outcome.ok) expect(outcome).toMatchObject({ reason: "taken", fields: ["username", "email"] });
    expect(await db.user.count({ where: { usernameCanonical: input.username } })).toBe(1);
  });

  it("makes the account where the winner of that race is gone again, with the one hash it has waited for", async () => {
    const [input, winner] = [newInput(), await newPerson()];
    const hashed = vi.spyOn(hashPool(), "run");
    const transaction = db.$transaction.bind(db);
    vi.spyOn(db, "$transaction").mockImplementationOnce(async (...args: unknown[]) => {
      const data = { emailCanonical: input.email };
      await db.user.update({ where: { id: winner.id }, data });
      await (transaction as (...rest: unknown[]) => Promise<unknown>)(...args).finally(() =>
        db.user.delete({ where: { id: winner.id } }),
      );
    });
    expect(await register(input)).toEqual({ ok: true });
    expect(hashed).toHaveBeenCalledTimes(1);
    vi.restoreAllMocks();
    expect(await logIn(input.email)).toMatchObject({ ok: true });
  });

  itOnce("lets someone look for a good password as long as it takes", async () => {
    const client = newClient();
    const input = newInput();
    for (let time = 0; time <= REGISTRATION_LIMITS.perHour; time++)
      expect(await register({ ...input, password: "sunshine" }, client)).toMatchObject({
        reason: "weak-password",
        weakness: { kind: "common" },
      });
    expect(await register(input, client)).toEqual({ ok: true });
  });

  itOnce(
    "counts nothing while too many others wait for a hash: neither a registration nor an email",
    async () => {
      const [client, input] = [newClient(), newInput()];
      const empty = fillHashQueue();
      for (let time = 0; time <= REGISTRATION_LIMITS.perHour; time++)
        await expect(register(input, client)).rejects.toThrow("Too many passwords");
      expect(await db.rateLimit.count({ where: { key: { contains: String(client.ip) } } })).toBe(0);
      empty();
      expect(await register(input, client)).toEqual({ ok: true });
    },
  );
});
