import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { db } from "../platform/db";
import { findLinkToken } from "../security/link-tokens";
import { consumeLogin } from "../security/rate-limits/login-limits";
import { LOGIN_LIMITS } from "../shared/limits";
import { runScript, runScriptHere } from "../testing/cli";
import { connectionOf } from "../testing/connections";
import { newFolder } from "../testing/database";
import { describeOnce, itOnce } from "../testing/it-once";
import { passkeyOf } from "../testing/passkeys";
import { PROVIDERS } from "../testing/provider-settings";
import { giveApp } from "../testing/second-factors";

// What an operator can do is tested on both databases by itself, and here what the command says, once, mostly without a
// process of its own, whose start is slow; the rest shows that the process finds either.

const user = (args: string[]) => runScriptHere("user", args);
const startUser = (args: string[], settings?: Record<string, string>) => runScript("user", args, settings);

async function newUser(): Promise<string> {
  const email = `Ada-${randomUUID()}@Example.com`;
  const emailCanonical = email.toLowerCase();
  await db.user.create({ data: { username: email, usernameCanonical: email, email, emailCanonical } });
  return email;
}

const lockOf = (email: string) =>
  db.user.findUniqueOrThrow({
    where: { emailCanonical: email.toLowerCase() },
    select: { lockedByOwnerAt: true, lockedByOperatorAt: true },
  });

const client = { ip: "203.0.113.7" };

describeOnce("npm run user -- unlock", () => {
  it("forgets failed logins, whatever the case of the address", async () => {
    const email = await newUser();
    for (let failure = 1; failure <= LOGIN_LIMITS.failuresBeforeWait; failure++)
      await consumeLogin(email.toLowerCase(), null, client);
    expect((await consumeLogin(email.toLowerCase(), null, client)).ok).toBe(false);
    expect(await user(["unlock", email.toUpperCase()])).toEqual({
      code: 0,
      output: `${email} can log in again: its failed logins are forgotten.`,
      errors: "",
    });
    expect((await consumeLogin(email.toLowerCase(), null, client)).ok).toBe(true);
    const events = await db.auditEvent.findMany({
      where: { user: { email } },
      select: { event: true, ip: true },
    });
    expect(events).toEqual([{ event: "unlocked", ip: null }]);
  });

  it("ends an operator's lock", async () => {
    const email = await newUser();
    expect((await user(["lock", email])).code).toBe(0);
    expect(await user(["unlock", email])).toEqual({
      code: 0,
      output: `${email} can log in again: it is no longer locked.`,
      errors: "",
    });
    expect(await lockOf(email)).toEqual({ lockedByOwnerAt: null, lockedByOperatorAt: null });
  });

  it("leaves an owner's lock, and says what ends it", async () => {
    const email = await newUser();
    const data = { lockedByOwnerAt: new Date(), lockedByOperatorAt: null };
    await db.user.update({ where: { emailCanonical: email.toLowerCase() }, data });
    expect(await user(["unlock", email])).toEqual({
      code: 1,
      output: "",
      errors: `${email} was locked by its owner: a new password opens it. Make a link for one with \`npm run user -- reset-link\`.`,
    });
    expect(await lockOf(email)).toEqual(data);
  });

  it("ends an operator's lock, and says that the owner's stays", async () => {
    const email = await newUser();
    const lockedByOwnerAt = new Date();
    const where = { emailCanonical: email.toLowerCase() };
    await db.user.update({ where, data: { lockedByOwnerAt, lockedByOperatorAt: new Date() } });
    expect(await user(["unlock", email])).toEqual({
      code: 0,
      output: `${email} is no longer locked by you. Its owner locked it too: a new password opens it. Make a link for one with \`npm run user -- reset-link\`.`,
      errors: "",
    });
    expect(await lockOf(email)).toEqual({ lockedByOwnerAt, lockedByOperatorAt: null });
  });

  it("says when nothing was locked", async () => {
    const email = await newUser();
    const answer = { code: 0, output: `${email} was not locked: it has no failed logins.`, errors: "" };
    expect(await user(["unlock", email])).toEqual(answer);
  });

  it("refuses an address without an account", async () => {
    const errors = "No account has the address nobody@example.com.";
    expect(await user(["unlock", "nobody@example.com"])).toEqual({ code: 1, output: "", errors });
  });

  it.each([[[]], [["unlock"]], [["shut", "ada@example.com"]], [["unlock", "a@b.co", "c@d.co"]]])(
    "explains itself when asked for %j",
    async (args) => {
      const errors = expect.stringMatching(
        /^Usage: npm run user -- show\|lock\|unlock\|reset-link\|keep\|reset-factors\|disconnect <email>\n/,
      );
      expect(await user(args)).toEqual({ code: 1, output: "", errors });
    },
  );

  it("refuses wrong settings with their sentence", async () => {
    const answer = await startUser(["unlock", "ada@example.com"], { DATABASE_URL: "mysql://nowhere" });
    expect(answer).toMatchObject({ code: 1, output: "" });
    expect(answer.errors).toMatch(/^DATABASE_URL must begin with [^\n]+\.$/);
  });

  it("says that the database is not there, and makes none", async () => {
    const path = join(newFolder(), "missing.db");
    expect(await startUser(["unlock", "ada@example.com"], { DATABASE_URL: `file:${path}` })).toEqual({
      code: 1,
      output: "",
      errors: expect.stringMatching(
        `^There is no database at ${path}: check DATABASE_URL and DATA_DIR, and run .* OPERATING.md [^\n]*\\.$`,
      ),
    });
    expect(existsSync(path)).toBe(false);
    const errors = "The database does not answer: check DATABASE_URL.";
    const DATABASE_URL = "postgres://nobody@127.0.0.1:1/nowhere";
    expect(await startUser(["unlock", "ada@example.com"], { DATABASE_URL })).toEqual({
      code: 1,
      output: "",
      errors,
    });
  });
});

describe("npm run user -- lock", () => {
  it("locks an account, whatever the case of the address", async () => {
    const email = await newUser();
    expect(await startUser(["lock", email.toUpperCase()])).toEqual({
      code: 0,
      output: `${email} is locked and logged out everywhere. Only \`npm run user -- unlock\` opens it again.`,
      errors: "",
    });
    expect(await lockOf(email)).toEqual({ lockedByOwnerAt: null, lockedByOperatorAt: expect.any(Date) });
  });

  itOnce("refuses an address without an account", async () => {
    const errors = "No account has the address nobody@example.com.";
    expect(await user(["lock", "nobody@example.com"])).toEqual({ code: 1, output: "", errors });
  });
});

describe("npm run user -- reset-link", () => {
  itOnce("prints a link that opens the account, at the configured address, and notes it", async () => {
    const email = await newUser();
    const AUTH_URL = "https://accounts.example.com";
    const { code, output, errors } = await startUser(["reset-link", email.toLowerCase()], { AUTH_URL });
    expect([code, errors]).toEqual([0, ""]);
    const [sentence, link, ...rest] = output.split("\n");
    expect(sentence).toMatch(/ can choose a new password here, once, until \d{4}-\d\d-\d\dT[\d:.]+Z:$/);
    expect(rest).toEqual([]);
    const { origin, pathname, searchParams } = new URL(link ?? "");
    expect(origin + pathname).toBe(`${AUTH_URL}/reset-password`);
    const owner = await findLinkToken("reset-password", searchParams.get("token") ?? "");
    expect(owner).toMatchObject({ email });
    const events = await db.auditEvent.findMany({ where: { user: { email } }, select: { event: true } });
    expect(events).toEqual([{ event: "reset-link-made" }]);
  });

  itOnce("prints it at the address where the site last started, and for no other place", async () => {
    const email = await newUser();
    const unknown = await startUser(["reset-link", email], { AUTH_URL: "" });
    expect(unknown).toMatchObject({ code: 1, output: "" });
    expect(unknown.errors).toMatch(
      /^Where the site is cannot be told: AUTH_URL is not set .*OPERATING\.md[^\n]*\.$/,
    );

    await db.installation.create({
      data: { id: "this", origin: "https://accounts.example.com", secrets: "" },
    });
    const known = await startUser(["reset-link", email], { AUTH_URL: "" });
    expect(known.output).toContain("\nhttps://accounts.example.com/reset-password?token=");
    const other = await startUser(["reset-link", email], { AUTH_URL: "http://localhost:3000" });
    expect(other).toMatchObject({ code: 1, output: "" });
    expect(other.errors).toMatch(/^The site last started at https:\/\/accounts\.example\.com, /);
    const events = await db.auditEvent.findMany({ where: { user: { email } }, select: { event: true } });
    expect(events, "no link was made in vain").toEqual([{ event: "reset-link-made" }]);
    await db.installation.deleteMany();
  });

  itOnce("refuses an address without an account", async () => {
    const errors = "No account has the address nobody@example.com.";
    vi.stubEnv("AUTH_URL", "https://accounts.example.com");
    const answer = await user(["reset-link", "nobody@example.com"]);
    vi.unstubAllEnvs();
    expect(answer).toEqual({ code: 1, output: "", errors });
  });
});

describeOnce("npm run user -- reset-factors", () => {
  const mail = { SMTP_URL: "smtp://127.0.0.1:1", MAIL_FROM: "a@example.com", AUTH_SECRET: "s".repeat(32) };
  const AUTH_URL = "https://accounts.example.com";

  it("takes the second factors from an account, and tells a confirmed address, with a link to the site", async () => {
    const email = await newUser();
    const { id } = await db.user.update({
      where: { emailCanonical: email.toLowerCase() },
      data: { emailVerified: new Date(), passwordHash: "$2b$12$never.compared" },
    });
    expect((await user(["reset-factors", email])).output).toBe(`${email} had no second factor.`);
    await giveApp({ id });
    expect((await user(["show", email])).output).toMatch(/authenticator app, set up on .+, or one of 10 /);
    const lost = await startUser(["reset-factors", email], { ...mail, AUTH_SECRET: "", AUTH_URL });
    expect(lost.errors).toMatch(/^The owner is to get an email, .+ Nothing was changed\.$/);
    expect(await db.authenticator.count({ where: { userId: id } })).toBe(1);

    const output = `${email} has no second factor any more, and is logged out everywhere: the password is enough to log in. The owner gets an email.`;
    expect(await startUser(["reset-factors", email], { ...mail, AUTH_URL })).toEqual({
      code: 0,
      output,
      errors: "",
    });
    for (const table of [db.authenticator, db.recoveryCode])
      expect(await (table as typeof db.authenticator).count({ where: { userId: id } })).toBe(0);
    expect(await db.outboxEmail.count()).toBe(1);
    expect(await db.linkToken.count({ where: { userId: id, purpose: "lock-account" } })).toBe(1);
    const events = await db.auditEvent.findMany({ where: { userId: id }, select: { event: true } });
    expect(events).toEqual([{ event: "factors-reset" }]);
    await giveApp({ id });
    await connectionOf({ id });
    const { output: unmailed } = await startUser(["reset-factors", email], PROVIDERS);
    expect(unmailed, "without SMTP_URL").toContain("tell the owner yourself");
    expect(unmailed).toContain(
      "enough to log in, and so is an account at Acme ID: `npm run user -- disconnect`",
    );
    const order =
      "If that may be a thief, run `lock`, `disconnect`, `reset-factors` once more, `reset-link`, and `unlock` once the new password is chosen:";
    expect(unmailed).toContain(order);
    const { output: idle } = await startUser(["reset-factors", email]);
    expect(idle, "by no setting now, and without a factor").toMatch(
      /had no second factor\. Whoever has the account at acme .+ may again/,
    );
    expect(idle).toContain(order);
  });
});

describeOnce("npm run user -- disconnect", () => {
  it("ends every connection, also with a provider that the settings do not name, and says what is left", async () => {
    const email = await newUser();
    const { id } = await db.user.findUniqueOrThrow({ where: { emailCanonical: email.toLowerCase() } });
    expect((await user(["disconnect", email])).output).toBe(`${email} was not connected with any provider.`);
    await connectionOf({ id });
    expect((await user(["disconnect", email])).output).toMatch(
      / is disconnected from acme, and logged out everywhere\. Now it has no password, and nothing logs in: .+ tell the owner yourself/,
    );
    expect(await db.account.count({ where: { userId: id } })).toBe(0);
    await connectionOf({ id });
    expect((await user(["show", email])).output, "before anything is done").toMatch(
      /Logs in with acme too\. .+ `lock`, `disconnect`, `reset-factors`, `reset-link`, and `unlock` once/,
    );
    await giveApp({ id });
    expect((await user(["disconnect", email])).output).toMatch(
      / It still has an authenticator app of .+: `npm run user -- reset-factors` ends that\. Now it has no password/,
    );
  });
});

describeOnce("npm run user -- show, keep and erase", () => {
  it("tells passkeys that log in from those that do not work here", async () => {
    const email = await newUser();
    const owner = await db.user.findUniqueOrThrow({ where: { emailCanonical: email.toLowerCase() } });
    for (const rpId of ["old.example", "older.example"]) {
      const { id } = (await passkeyOf(owner)).passkey;
      await db.passkey.update({ where: { id }, data: { rpId } });
    }
    await passkeyOf(owner);
    const { output } = await user(["show", email]);
    expect(output).toContain("\nA passkey logs in without a password.\n2 passkeys do not work here now: ");
  });

  it("tell when an account is erased, keep it, and erase it where its username is typed out", async () => {
    const email = await newUser();
    const where = { emailCanonical: email.toLowerCase() };
    const deleteAt = new Date("2026-12-10T14:05:00Z");
    const data = {
      usernameCanonical: "ada",
      deleteAt,
      lockedByOwnerAt: new Date(),
      lockedByOperatorAt: new Date(),
    };
    await db.user.update({ where, data });
    expect((await user(["show", email.toUpperCase()])).output.split("\n")).toEqual([
      expect.stringMatching(`^${email} has the username ${email} and is registered since `),
      "The address was never confirmed.",
      "No second factor.",
      "Locked by its owner and by you.",
      expect.stringContaining("it is erased from 2026-12-10T14:05:00.000Z on."),
    ]);
    const kept = { code: 0, output: `${email} is kept: it is no longer to be deleted.`, errors: "" };
    expect(await user(["keep", email])).toEqual(kept);

    expect((await user(["erase", email])).errors).toMatch(/^Usage: /);
    const errors = `${email} has another username than grace: nothing was erased.`;
    expect(await user(["erase", email, "grace"])).toEqual({ code: 1, output: "", errors });
    expect(await db.user.count({ where })).toBe(1);
    expect((await user(["erase", email, "Ada"])).output).toContain(`${email} is erased, `);
    expect(await db.user.count({ where })).toBe(0);
  });
});
