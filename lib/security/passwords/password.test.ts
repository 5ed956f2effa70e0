import { readFileSync } from "node:fs";
import { getRounds, hashSync } from "bcryptjs";
import { afterEach, describe, expect, it, vi } from "vitest";
import { fillHashQueue } from "../../testing/fill-hash-queue";
import { hashQueue } from "./hash-queue";
import { BCRYPT_COST, HashQueueFullError, hashPassword, needsRehash, passwordMatches } from "./password";
import { hashPool, type Job } from "./pool";

/** Hashes of other programs, made once with the passwords beside them; cost 12 unless the hash says otherwise. */
const strangers = [
  // Flask-Bcrypt 1.0.1 on bcrypt 5.0.0: Bcrypt().generate_password_hash(password, 12)
  ["correct horse battery staple", "$2b$12$R9TTK.6ZxiZncjPYewvgK./c9JPhOE2I1mmvatftPqNGf5Cs/xvlK"],
  [" spaces  stay ", "$2b$12$fR6gHaeuxSEMm1u4tTPYTOAlik76kWBxkzpAeSn9vh5PydUNAFnyu"],
  ["Größe: 10 €", "$2b$12$EJS5k0UQRkoYdDqwd2R7cOBGLY/q5m20a.bvkOs84ScP7sg02.U/K"],
  ["x".repeat(72), "$2b$12$fre9TPyxQfJSq2jlzY3WZOwVX/it9Z8co0hO22EcjJ8PnSbSjGOWK"],
  // Python bcrypt 5.0.0: hashpw(password, gensalt(12, prefix=b"2a"))
  ["from an older library", "$2a$12$5JkfPY1C6n.frJGpKTsAKOKzY989XIuWBsCtCkbzmjuF4ijbZuoV2"],
  // PHP 8.2.36: password_hash($password, PASSWORD_BCRYPT, ["cost" => 12])
  ["correct horse battery staple", "$2y$12$sFfE5MtICL5Zp2JIWpg6..gG6kZBV93Gh6WaqbpKyOzYYZ.jqUnx2"],
  ["пароль", "$2y$12$CA8qxl/A6G1J6Y.hWtqgSul.CAfoG3qH16pOE8P8JuaETu1vJe00e"],
  // perl 5.36, which calls crypt(3) of libxcrypt 4.4: crypt("U*U", '$2y$04$abcdefghijklmnopqrstuu')
  ["U*U", "$2y$04$abcdefghijklmnopqrstuuCFaEytnzrfaPZJKbS76hh9vqd9r8v2S"],
] as const;

/** A well-formed hash of "U*U" that costs next to nothing. */
const [cheapPassword, cheapHash] = strangers[7];

/** The jobs that the pool is given from here on. */
function watchJobs() {
  return vi.spyOn(hashPool(), "run");
}

/** Compares as the pool does, and leaves out what is work for its own sake. */
function withoutDecoys() {
  const run = hashPool().run.bind(hashPool()) as (job: Job) => Promise<string | boolean>;
  vi.spyOn(hashPool(), "run").mockImplementation((job: Job) => run({ ...job, decoys: [] }) as Promise<never>);
}

afterEach(() => vi.restoreAllMocks());

describe("hashPassword", () => {
  it("makes a hash of the form and cost we keep, another one each time", async () => {
    const [one, two] = await Promise.all([hashPassword("correct horse"), hashPassword("correct horse")]);
    expect(one).toMatch(/^\$2b\$12\$[./A-Za-z0-9]{53}$/);
    expect(two).not.toBe(one);
    expect(needsRehash(one)).toBe(false);
    expect(await passwordMatches("correct horse", one)).toBe(true);
    expect(await passwordMatches("correct horse", two)).toBe(true);
  });

  it.each([
    ["an é of one code point", "caf\u00e9 noir", "cafe\u0301 noir"],
    ["the other spelling first", "cafe\u0301 noir", "caf\u00e9 noir"],
    ["three code points to a letter", "\u01d5ber alles", "U\u0308\u0304ber alles"],
  ])("takes two spellings of one text for one password: %s", async (_, spelling, other) => {
    const run = watchJobs().mockResolvedValue("a hash");
    await hashPassword(spelling);
    await passwordMatches(other, cheapHash);
    const [made, compared] = run.mock.calls.map(([job]) => (job as { password: string }).password);
    expect(compared).toBe(made);
  });

  it.each([
    ["72 letters", "a".repeat(72)],
    ["36 letters of two bytes", "é".repeat(36)],
    ["36 letters of two bytes, each typed as three", "U\u0308\u0304".repeat(36)],
  ])("uses every byte of %s", async (_, password) => {
    withoutDecoys();
    const hash = hashSync(password.normalize("NFC"), 4);
    expect(await passwordMatches(password, hash)).toBe(true);
    expect(await passwordMatches(`${password.slice(0, -1)}!`, hash)).toBe(false);
  });

  it.each([
    ["73 letters", "a".repeat(73)],
    ["37 letters of two bytes", "é".repeat(37)],
    ["half a surrogate pair", "pass\ud83dword"],
    ["a NUL, after which bcrypt begins anew", "password\0password"],
    ["a megabyte of combining marks, which would take minutes to normalise", "\u0301\u0323".repeat(250_000)],
  ])("refuses %s", async (_, password) => {
    const run = watchJobs();
    await expect(hashPassword(password)).rejects.toThrow(RangeError);
    expect(run).not.toHaveBeenCalled();
  });
});

describe("passwordMatches", () => {
  it.each(strangers)("verifies %j with %s, made by another program", async (password, hash) => {
    expect(await passwordMatches(password, hash)).toBe(true);
  });

  it.each([
    ["another case", "u*u"],
    ["a space before", " U*U"],
    ["a space after", "U*U "],
    ["a NUL after", "U*U\0"],
    ["nothing", ""],
    ["itself once more after a NUL", "U*U\0U*U"],
    ["itself twice more", "U*U\0U*U\0U*U"],
    ["half a surrogate pair after it", "U*U\ud83d"],
  ])("refuses %s", async (_, password) => {
    withoutDecoys();
    expect(await passwordMatches(password, cheapHash)).toBe(false);
  });

  it("refuses what goes on after the 72 bytes that bcrypt sees", async () => {
    const [password, hash] = strangers[3];
    expect(await passwordMatches(`${password}y`, hash)).toBe(false);
  });

  it.each([
    ["no hash", cheapPassword, null],
    ["an empty hash", cheapPassword, ""],
    ["plain text", cheapPassword, "U*U"],
    ["a hash cut short", cheapPassword, cheapHash.slice(0, -1)],
    ["a hash with a line break", cheapPassword, `${cheapHash}\n`],
    ["a space before the hash", cheapPassword, ` ${cheapHash}`],
    ["an unknown version", cheapPassword, cheapHash.replace("$2y$", "$2x$")],
    ["the first version", cheapPassword, cheapHash.replace("$2y$", "$2$")],
    ["a cost of 3", cheapPassword, cheapHash.replace("$04$", "$03$")],
    ["a cost of 32", cheapPassword, cheapHash.replace("$04$", "$32$")],
    ["a signed cost", cheapPassword, cheapHash.replace("$04$", "$+4$")],
    ["a letter outside the alphabet", cheapPassword, cheapHash.replace("CFaE", "CF=E")],
    ["spare bits set in the salt", cheapPassword, cheapHash.replace("uuCFaE", "uvCFaE")],
    ["spare bits set in the digest", cheapPassword, cheapHash.replace(/S$/, "T")],
    ["a NUL in the password", "U*U\0U*U", cheapHash],
    ["another kind of hash", cheapPassword, "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$aGFzaA"],
    ["a password of 73 bytes", "a".repeat(73), cheapHash],
    ["a megabyte of combining marks", "\u0301\u0323".repeat(250_000), cheapHash],
    ["half a surrogate pair", "U\ud83dU", cheapHash],
  ])("says no to %s, after a comparison of the usual cost", async (_, password, hash) => {
    const run = watchJobs().mockResolvedValue(true); // whatever the decoy says
    expect(await passwordMatches(password, hash)).toBe(false);
    expect(run).toHaveBeenCalledTimes(1);
    const job = run.mock.calls[0]?.[0] as unknown as { hash: string };
    // The decoy reads as a real hash of our cost; one that did not would be refused without any work.
    expect(getRounds(job.hash)).toBe(BCRYPT_COST);
    expect(job.hash).toHaveLength(60);
  });

  it("gives a wrong password one comparison too, with the real hash", async () => {
    const run = watchJobs().mockResolvedValue(false);
    expect(await passwordMatches("wrong", cheapHash)).toBe(false);
    expect(run.mock.calls).toMatchObject([[{ password: "wrong", hash: cheapHash }]]);
  });

  it("makes a no to a hash of a lower cost as much work as one to ours", async () => {
    const run = watchJobs().mockResolvedValue(false);
    await passwordMatches("wrong", cheapHash);
    await passwordMatches("wrong", strangers[0][1]);
    const work = run.mock.calls.map(([job]) => {
      const { hash, decoys = [] } = job as unknown as { hash: string; decoys?: string[] };
      return [hash, ...decoys].reduce((rounds, each) => rounds + 2 ** getRounds(each), 0);
    });
    expect(work).toEqual([2 ** BCRYPT_COST, 2 ** BCRYPT_COST]);
  });
});

describe("needsRehash", () => {
  const [, ours] = strangers[0];

  it.each([
    ["$2a$ at our cost", strangers[4][1]],
    ["$2y$ at our cost", strangers[5][1]],
    ["$2y$ at a lower cost", cheapHash],
    ["our own kind at the lowest cost", ours.replace("$12$", "$04$")],
    ["our own kind one step below ours", ours.replace("$12$", "$11$")],
    ["an older kind at a higher cost", strangers[4][1].replace("$12$", "$14$")],
  ])("asks for %s to be made anew", (_, hash) => {
    expect(needsRehash(hash)).toBe(true);
  });

  it.each([
    ["our own kind at our cost", ours],
    ["our own kind at a higher cost", ours.replace("$12$", "$14$")],
    ["nothing", ""],
    ["plain text", "correct horse"],
    ["a hash cut short", cheapHash.slice(0, -1)],
    ["a hash with a line break", `${cheapHash}\n`],
    ["an unknown version", cheapHash.replace("$2y$", "$2x$")],
    ["a cost of 3", cheapHash.replace("$04$", "$03$")],
    ["another kind of hash", "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$aGFzaA"],
  ])("leaves alone %s", (_, hash) => {
    expect(needsRehash(hash)).toBe(false);
  });
});

describe("HashQueueFullError", () => {
  it("refuses every job alike when the queue is full, and none after that", async () => {
    const empty = fillHashQueue();
    const run = watchJobs();
    for (const refused of [
      hashPassword("correct horse"),
      passwordMatches(cheapPassword, cheapHash),
      passwordMatches(cheapPassword, null),
    ]) {
      const error = await refused.catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(HashQueueFullError);
      expect(error).toMatchObject({ retryAfterSeconds: hashQueue().secondsToDrain });
    }
    expect(run).not.toHaveBeenCalled();

    empty();
    expect(await passwordMatches(cheapPassword, cheapHash)).toBe(true);
  });
});

it("is for the server alone", () => {
  expect(readFileSync(new URL("./password.ts", import.meta.url), "utf8")).toMatch(/^import "server-only";/);
});
