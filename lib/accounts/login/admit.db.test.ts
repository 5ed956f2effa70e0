import { hashSync } from "bcryptjs";
import { describe, expect, it } from "vitest";
import { db } from "../../platform/db";
import { hashPassword } from "../../security/passwords/password";
import { hashPool } from "../../security/passwords/pool";
import { LOGIN_LIMITS } from "../../shared/limits";
import { newClient, newEmail, newPerson, PASSWORD, type Person } from "../../testing/people";
import * as accounts from "./admit";

/** The id of the account that opens; null when none does. */
async function authenticate(
  email: string,
  password = PASSWORD,
  client = newClient(),
): Promise<string | null> {
  const outcome = await accounts.authenticate({ email, password }, client);
  return outcome.ok ? outcome.userId : null;
}

const hashOf = async ({ id }: Person) =>
  (await db.user.findUniqueOrThrow({ where: { id }, select: { passwordHash: true } })).passwordHash;

const setHash = ({ id }: Person, passwordHash: string | null) =>
  db.user.update({ where: { id }, data: { passwordHash } });

describe("authenticate", () => {
  it("holds nothing against whoever found the queue full", async () => {
    const person = await newPerson();
    const client = newClient();
    const pool = hashPool();
    let isRush = true;
    const hashOnAndOn = async () => {
      while (isRush) await pool.run({ password: PASSWORD, cost: 4 });
    };
    const others: Promise<void>[] = [];
    while (!pool.isFull()) others.push(hashOnAndOn());
    for (let attempt = 0; attempt <= LOGIN_LIMITS.failuresBeforeWait; attempt++)
      await expect(authenticate(person.email, PASSWORD, client)).rejects.toMatchObject({
        name: "HashQueueFullError",
      });
    isRush = false;
    await Promise.all(others);
    expect(await authenticate(person.email, PASSWORD, client)).not.toBeNull();
  });

  it("knows the right password, and the email in any case", async () => {
    const person = await newPerson();
    const id = await authenticate(person.email);
    expect(id).toBe(person.id);
    expect(await authenticate(person.email.toUpperCase())).toBe(id);
  });

  it.each([
    ["a wrong password", "correct horse batterx"],
    ["another case", PASSWORD.toUpperCase()],
    ["a space too many", `${PASSWORD} `],
    ["an over-long password that begins right", PASSWORD + "x".repeat(72)],
    ["no password", ""],
  ])("refuses %s", async (_, wrong) => {
    const person = await newPerson();
    expect(await authenticate(person.email, wrong)).toBeNull();
  });

  it("does not take the 73rd byte for nothing", async () => {
    const person = await newPerson();
    await setHash(person, await hashPassword("x".repeat(72)));
    expect(await authenticate(person.email, "x".repeat(72))).not.toBeNull();
    expect(await authenticate(person.email, "x".repeat(73))).toBeNull();
  });

  it("refuses an unknown email, an account without a password and one with a broken hash, all quietly", async () => {
    expect(await authenticate(newEmail())).toBeNull();
    const person = await newPerson();
    for (const passwordHash of [null, "", "garbage", "$2b$12$tooshort"]) {
      await setHash(person, passwordHash);
      expect(await authenticate(person.email)).toBeNull();
    }
  });

  it("makes a hash of an older kind anew at the right password, and not at a wrong one", async () => {
    const person = await newPerson();
    // `$2y$`, cost 10: what PHP made of this password for years.
    const old = hashSync(PASSWORD, 10).replace("$2b$", "$2y$");
    await setHash(person, old);
    expect(await authenticate(person.email, "wrong horse battery")).toBeNull();
    expect(await hashOf(person)).toBe(old);
    expect(await authenticate(person.email)).not.toBeNull();
    expect(await hashOf(person)).toMatch(/^\$2b\$12\$/);
    expect(await authenticate(person.email)).not.toBeNull();
  });

  it("turns away before any work: a throttled answer is the same for an address nobody has", async () => {
    const person = await newPerson();
    const outcomes = [];
    for (const email of [person.email, newEmail()]) {
      const client = newClient();
      for (let i = 0; i < LOGIN_LIMITS.failuresBeforeWait; i++)
        await accounts.authenticate({ email, password: "wrong horse battery" }, client);
      outcomes.push(await accounts.authenticate({ email, password: PASSWORD }, client));
    }
    const retryAfterSeconds = expect.closeTo(LOGIN_LIMITS.firstWaitSeconds, -1); // a second or two have passed
    for (const outcome of outcomes)
      expect(outcome).toEqual({ ok: false, reason: "throttled", retryAfterSeconds });
  });
});
