import { randomUUID } from "node:crypto";
import { hashSync } from "bcryptjs";
import { describe, expect, it } from "vitest";
import * as accounts from "./accounts";
import type { Caller } from "./caller";
import { db } from "./db";
import { LOGIN_LIMITS, REGISTRATION_LIMITS } from "./limits";
import { hashPool } from "./password/pool";

const password = "correct horse battery";

/** Somebody from an address of their own, so that no limit of another test is met. */
let lastAddress = 0;
function newCaller(): Caller {
  lastAddress++;
  return {
    ip: `10.0.${lastAddress >> 8}.${lastAddress & 255}`,
    userAgent: "a test",
    requestId: randomUUID(),
    device: null,
  };
}

const register = (input: Parameters<typeof accounts.register>[0], caller = newCaller()) =>
  accounts.register(input, caller);

/** The id of the account that opens; null when none does. */
async function authenticate(
  input: Parameters<typeof accounts.authenticate>[0],
  caller = newCaller(),
): Promise<string | null> {
  const outcome = await accounts.authenticate(input, caller);
  return outcome.ok ? outcome.userId : null;
}

function newInput() {
  const username = `u${randomUUID().slice(0, 12)}`;
  return { username, email: `${username}@example.com`, password, confirmation: password };
}

const hashOf = async (username: string) =>
  (
    await db.user.findUniqueOrThrow({
      where: { usernameCanonical: username.toLowerCase() },
      select: { passwordHash: true },
    })
  ).passwordHash;

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
    expect(JSON.stringify(user)).not.toContain(password);
  });

  it("never makes the same hash of the same password twice", async () => {
    const [ada, bob] = [newInput(), newInput()];
    await register(ada);
    await register(bob);
    expect(await hashOf(ada.username)).not.toBe(await hashOf(bob.username));
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

  it("lets someone look for a good password as long as it takes", async () => {
    const caller = newCaller();
    const input = newInput();
    for (let time = 0; time <= REGISTRATION_LIMITS.perHour; time++)
      expect(await register({ ...input, password: "sunshine" }, caller)).toMatchObject({
        reason: "weak-password",
        weakness: { kind: "common" },
      });
    expect(await register(input, caller)).toEqual({ ok: true });
  });
});

describe("authenticate", () => {
  it("holds nothing against whoever found the queue full", async () => {
    const input = newInput();
    await register(input);
    const caller = newCaller();
    const pool = hashPool();
    let isRush = true;
    const hashOnAndOn = async () => {
      while (isRush) await pool.run({ password, cost: 4 });
    };
    const others: Promise<void>[] = [];
    while (!pool.isFull()) others.push(hashOnAndOn());
    for (let attempt = 0; attempt <= LOGIN_LIMITS.failuresBeforeWait; attempt++)
      await expect(authenticate(input, caller)).rejects.toMatchObject({ name: "HashQueueFullError" });
    isRush = false;
    await Promise.all(others);
    expect(await authenticate(input, caller)).not.toBeNull();
  });

  it("knows the right password, and the email in any case", async () => {
    const input = newInput();
    await register(input);
    const id = await authenticate(input);
    expect(id).toEqual(expect.any(String));
    expect(await authenticate({ email: input.email.toUpperCase(), password })).toBe(id);
  });

  it.each([
    ["a wrong password", "correct horse batterx"],
    ["another case", password.toUpperCase()],
    ["a space too many", `${password} `],
    ["an over-long password that begins right", password + "x".repeat(72)],
    ["no password", ""],
  ])("refuses %s", async (_, wrong) => {
    const input = newInput();
    await register(input);
    expect(await authenticate({ email: input.email, password: wrong })).toBeNull();
  });

  it("does not take the 73rd byte for nothing", async () => {
    const input = { ...newInput(), password: "x".repeat(72), confirmation: "x".repeat(72) };
    await register(input);
    expect(await authenticate(input)).not.toBeNull();
    expect(await authenticate({ ...input, password: "x".repeat(73) })).toBeNull();
  });

  it("refuses an unknown email, an account without a password and one with a broken hash, all quietly", async () => {
    expect(await authenticate({ email: newInput().email, password })).toBeNull();
    const input = newInput();
    await register(input);
    for (const passwordHash of [null, "", "garbage", "$2b$12$tooshort"]) {
      await db.user.update({ where: { emailCanonical: input.email }, data: { passwordHash } });
      expect(await authenticate(input)).toBeNull();
    }
  });

  it("makes a hash of an older kind anew at the right password, and not at a wrong one", async () => {
    const input = newInput();
    await register(input);
    // `$2y$`, cost 10: what PHP made of this password for years.
    const old = hashSync(password, 10).replace("$2b$", "$2y$");
    await db.user.update({ where: { emailCanonical: input.email }, data: { passwordHash: old } });
    expect(await authenticate({ email: input.email, password: "wrong horse battery" })).toBeNull();
    expect(await hashOf(input.username)).toBe(old);
    expect(await authenticate(input)).not.toBeNull();
    expect(await hashOf(input.username)).toMatch(/^\$2b\$12\$/);
    expect(await authenticate(input)).not.toBeNull();
  });

  it("turns away before any work: a throttled answer is the same for an address nobody has", async () => {
    const input = newInput();
    await register(input);
    const outcomes = [];
    for (const email of [input.email, newInput().email]) {
      const caller = newCaller();
      for (let i = 0; i < LOGIN_LIMITS.failuresBeforeWait; i++)
        await accounts.authenticate({ email, password: "wrong horse battery" }, caller);
      outcomes.push(await accounts.authenticate({ email, password }, caller));
    }
    expect(outcomes[0]).toMatchObject({ ok: false, reason: "throttled" });
    expect(outcomes[1]).toEqual(outcomes[0]);
  });
});
