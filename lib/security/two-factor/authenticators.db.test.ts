import { describe, expect, it, vi } from "vitest";

const secrets = vi.hoisted(() => {
  process.env.AUTH_SECRET = "the secret of these tests, which is long enough";
  process.env.AUTH_SECRET_PREVIOUS = "a former secret of these tests, long enough";
  return { former: process.env.AUTH_SECRET_PREVIOUS, present: process.env.AUTH_SECRET };
});

import { createHash, hkdfSync } from "node:crypto";
import { seal } from "../../platform/crypto/seal";
import { db } from "../../platform/db";
import { itOnce } from "../../testing/it-once";
import { collectLog } from "../../testing/log-lines";
import { newPerson } from "../../testing/people";
import { giveApp, wrongCodeFor } from "../../testing/second-factors";
import { acceptCode, putAuthenticator, resealAuthenticators } from "./authenticators";
import { findRecoveryCodes, replaceRecoveryCodes, spendRecoveryCode } from "./recovery-codes";
import { codeOf, newSecret, stepAt } from "./totp";

const log = collectLog();
const STEP_MS = 30_000;

const keyFrom = (secret: string) =>
  Buffer.from(hkdfSync("sha256", secret, "", "latchkey authenticator secret v1", 32));
const keyIdOf = (key: Buffer) => createHash("sha256").update(key).digest("hex").slice(0, 8);

describe("acceptCode", () => {
  it("accepts a code once, however many try it at once", async () => {
    const person = await newPerson();
    const code = await (await giveApp(person)).freshCode();
    const tries = await Promise.all(Array.from({ length: 20 }, () => acceptCode(person.id, code)));
    expect(tries.filter(Boolean)).toHaveLength(1);
    expect(await acceptCode(person.id, code)).toBe(false);
  });

  itOnce(
    "accepts a code of the step before, of this one and of the next, and none further away",
    async () => {
      const now = Date.now();
      for (const [distance, isAccepted] of [
        [-2, false],
        [-1, true],
        [0, true],
        [1, true],
        [2, false],
      ] as const) {
        const person = await newPerson();
        const { secret } = await giveApp(person);
        const code = codeOf(secret, stepAt(now) + distance);
        expect(await acceptCode(person.id, code, now), String(distance)).toBe(isAccepted);
      }
    },
  );

  it("accepts no code that is older than one accepted before", async () => {
    const person = await newPerson();
    const { secret } = await giveApp(person);
    const now = Date.now();
    expect(await acceptCode(person.id, codeOf(secret, stepAt(now)), now)).toBe(true);
    expect(await acceptCode(person.id, codeOf(secret, stepAt(now) - 1), now)).toBe(false);
    expect(await acceptCode(person.id, codeOf(secret, stepAt(now) + 1), now)).toBe(true);
    expect(await acceptCode(person.id, codeOf(secret, stepAt(now) + 1), now + STEP_MS)).toBe(false);
  });

  itOnce("accepts no code of a former app, of another account, or without an app", async () => {
    const [person, other] = [await newPerson(), await newPerson()];
    expect(await acceptCode(person.id, "123456")).toBe(false);
    const former = await giveApp(person);
    const app = await giveApp(person);
    const theirs = await giveApp(other);
    for (const code of [await former.freshCode(), await theirs.freshCode(), wrongCodeFor(app)])
      expect(await acceptCode(person.id, code)).toBe(false);
    expect(await acceptCode(person.id, await app.freshCode())).toBe(true);
  });

  itOnce("opens no row that was copied from another account, and says so in the log", async () => {
    const [person, thief] = [await newPerson(), await newPerson()];
    await giveApp(person);
    const theirs = await giveApp(thief);
    const { sealed } = await db.authenticator.findUniqueOrThrow({ where: { userId: thief.id } });
    expect(sealed).not.toContain(theirs.secret);
    await db.authenticator.updateMany({ where: { userId: person.id }, data: { sealed } });
    expect(await acceptCode(person.id, await theirs.freshCode())).toBe(false);
    expect(log.lines().at(-1)).toMatchObject({ event: "error" });
  });
});

describe("resealAuthenticators", () => {
  it("encrypts with the present secret what a former one has encrypted, and leaves alone what none opens", async () => {
    const [person, lost] = [await newPerson(), await newPerson()];
    const secret = newSecret();
    await db.$transaction((tx) => putAuthenticator(person.id, secret, 0, tx));
    await giveApp(lost);
    const former = keyFrom(secrets.former);
    const data = { sealed: seal(person.id, secret, former), keyId: keyIdOf(former) };
    await db.authenticator.updateMany({ where: { userId: person.id }, data });
    await db.authenticator.updateMany({ where: { userId: lost.id }, data: { ...data, sealed: "AAAA" } });
    const code = codeOf(secret, stepAt(Date.now()));
    expect(await acceptCode(person.id, code), "before it is encrypted anew").toBe(true);

    await resealAuthenticators();
    const row = await db.authenticator.findUniqueOrThrow({ where: { userId: person.id } });
    expect(row.keyId).toBe(keyIdOf(keyFrom(secrets.present)));
    expect(row.sealed).not.toBe(data.sealed);
    expect(await acceptCode(person.id, codeOf(secret, stepAt(Date.now()) + 1))).toBe(true);
    expect(await db.authenticator.findUniqueOrThrow({ where: { userId: lost.id } })).toMatchObject({
      sealed: "AAAA",
    });
  });
});

describe("recovery codes", () => {
  it("are ten of 120 bits, kept as hashes alone", async () => {
    const { id } = await newPerson();
    const codes = await db.$transaction((tx) => replaceRecoveryCodes(id, tx));
    expect(new Set(codes).size).toBe(10);
    for (const code of codes) expect(code).toMatch(/^[0-9A-HJKMNP-TV-Z]{24}$/);
    const rows = JSON.stringify(await db.recoveryCode.findMany({ where: { userId: id } }));
    for (const code of codes) expect(rows).not.toContain(code);
    expect(await findRecoveryCodes(id)).toMatchObject({ left: 10 });
  });

  it("work once, of however many at once, for their account alone", async () => {
    const [{ id }, other] = [await newPerson(), await newPerson()];
    const [code = "", next = ""] = await db.$transaction((tx) => replaceRecoveryCodes(id, tx));
    expect(await spendRecoveryCode(other.id, code, db)).toBe(false);
    const tries = await Promise.all(Array.from({ length: 10 }, () => spendRecoveryCode(id, code, db)));
    expect(tries.filter(Boolean)).toHaveLength(1);
    expect(await findRecoveryCodes(id)).toMatchObject({ left: 9 });
    await db.$transaction((tx) => replaceRecoveryCodes(id, tx));
    expect(await spendRecoveryCode(id, next, db), "made before the new ones").toBe(false);
  });

  itOnce("come evenly from their letters", async () => {
    const { id } = await newPerson();
    const counts = new Map<string, number>();
    for (let time = 0; time < 40; time++)
      for (const letter of (await replaceRecoveryCodes(id, db)).join(""))
        counts.set(letter, (counts.get(letter) ?? 0) + 1);
    expect(counts.size).toBe(32);
    const [mean, ...all] = [9600 / 32, ...counts.values()];
    for (const count of all) expect(Math.abs(count - mean)).toBeLessThan(mean / 2); // eight standard deviations and more
  });
});
