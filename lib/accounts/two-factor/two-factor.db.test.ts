import { afterEach, describe, expect, it, vi } from "vitest";

const mailbox = await vi.hoisted(async () => (await import("../../testing/mailbox")).startMailbox());

import { deliverDue } from "../../mail/delivery";
import { db } from "../../platform/db";
import { makeLinkToken } from "../../security/link-tokens";
import { SECOND_FACTOR_KINDS } from "../../security/rate-limits/second-factor-limits";
import { noteSecondFactor, PROOF_MS } from "../../security/session-proof";
import { codeOf, newSecret, stepAt } from "../../security/two-factor/totp";
import { FACTOR_CHANGE_LIMITS, SECOND_FACTOR_LIMITS } from "../../shared/limits";
import { DAY_MS, HOUR_MS, SECOND_MS } from "../../shared/units";
import { itOnce } from "../../testing/it-once";
import {
  emailTo,
  enter,
  eventsOf,
  newClient,
  newPerson,
  type Person,
  proven,
  sessionOf,
  tokenIn,
} from "../../testing/people";
import { type App, giveApp, wrongCodeFor } from "../../testing/second-factors";
import { changePassword } from "../change-password";
import { findFactors, hasSecondFactor } from "../factors";
import { lockAccount, lockOwnAccount } from "../lock-account";
import { proveSecondFactor } from "../login/prove-second-factor";
import { unlockAsOperator } from "../operator";
import { resetPassword } from "../reset-password";
import { removeAuthenticator, setUpAuthenticator, setUpWhileLoggingIn } from "./authenticator";
import { makeRecoveryCodes } from "./recovery-codes";

const now = () => stepAt(Date.now());

/** A session whose person has just logged in with a code. */
async function provenSession(person: Person) {
  const session = await sessionOf(person);
  await noteSecondFactor(session.id, db);
  return session;
}

/** Sets an app up as its form does. */
async function setUp(person: Person, secret = newSecret(), session?: Awaited<ReturnType<typeof sessionOf>>) {
  const code = codeOf(secret, now());
  const asking = session ?? (await provenSession(person));
  return setUpAuthenticator(asking, { secret, code }, newClient());
}

const linkFor = (
  { id: userId, emailCanonical }: Person,
  purpose: "lock-account" | "verify-email" | "reset-password",
  ago = 0,
) =>
  db.$transaction((tx) =>
    makeLinkToken(purpose, { userId, emailCanonical, createdAt: new Date(Date.now() - ago) }, tx),
  );

afterEach(async () => {
  await db.rateLimit.deleteMany();
  await db.loginBackoff.deleteMany();
  await db.outboxEmail.deleteMany();
});

describe("setUpAuthenticator", () => {
  it("makes the app the account's second factor, with ten recovery codes, and tells the owner", async () => {
    const person = await newPerson();
    const secret = newSecret();
    const outcome = await setUp(person, secret);
    if (!outcome.ok) return expect.fail(outcome.reason);
    expect(outcome.isReplaced).toBe(false);
    expect(outcome.recoveryCodes).toHaveLength(10);
    expect(await findFactors(person.id)).toMatchObject({ recoveryCodes: { left: 10 } });
    const { text } = await emailTo(person.email, "authenticator-added", mailbox);
    expect(text).not.toContain(secret);
    expect(
      await lockAccount(tokenIn(await emailTo(person.email, "authenticator-added", mailbox)), newClient()),
    ).toMatchObject({ ok: true });
    expect(await hasSecondFactor(person.id), "a thief's own is ended by the alert about it").toBe(false);
    expect(await eventsOf(person)).toEqual(["authenticator-added", "factors-ended", "account-locked"]);
  });

  it("takes no code twice: the one that set it up logs nobody in", async () => {
    const person = await newPerson();
    const secret = newSecret();
    expect(await setUp(person, secret)).toMatchObject({ ok: true });
    const { lastStep } = await db.authenticator.findUniqueOrThrow({ where: { userId: person.id } });
    const code = codeOf(secret, lastStep);
    expect(await proveSecondFactor(await proven(person), { code }, newClient())).toMatchObject({
      reason: "wrong-code",
    });
  });

  itOnce("refuses a code that does not show that the app has the secret, and changes nothing", async () => {
    const person = await newPerson();
    const session = await sessionOf(person);
    const secret = newSecret();
    for (const code of [wrongCodeFor({ secret }), codeOf(secret, now() - 3), ""])
      expect(await setUpAuthenticator(session, { secret, code }, newClient())).toEqual({
        ok: false,
        reason: "wrong-code",
      });
    expect(await hasSecondFactor(person.id)).toBe(false);
    expect(await eventsOf(person)).toEqual([]);
  });

  itOnce(
    "keeps the former app until the new one has shown its code, and the recovery codes after that",
    async () => {
      const person = await newPerson();
      const former = await giveApp(person);
      const secret = newSecret();
      const wrong = { secret, code: wrongCodeFor({ secret }) };
      await setUpAuthenticator(await sessionOf(person), wrong, newClient());
      const code = await former.freshCode();
      expect(await proveSecondFactor(await proven(person), { code }, newClient())).toMatchObject({
        ok: true,
      });

      expect(await setUp(person, secret)).toMatchObject({ ok: true, isReplaced: true, recoveryCodes: [] });
      const stale = { code: await former.freshCode() };
      expect(await proveSecondFactor(await proven(person), stale, newClient())).toMatchObject({ ok: false });
      const [recoveryCode = ""] = former.recoveryCodes;
      expect(await proveSecondFactor(await proven(person), { recoveryCode }, newClient())).toMatchObject({
        ok: true,
      });
      await emailTo(person.email, "authenticator-replaced", mailbox);
    },
  );

  itOnce("makes this session's proof whole, and no other's", async () => {
    const person = await newPerson();
    const [session, other] = [await sessionOf(person), await sessionOf(person)];
    expect(await setUp(person, newSecret(), session)).toMatchObject({ ok: true });
    const at = async (id: string) => (await db.session.findUniqueOrThrow({ where: { id } })).secondFactorAt;
    expect(await at(session.id)).toBeInstanceOf(Date);
    expect(await at(other.id)).toBeNull();
  });

  itOnce("does nothing for a session that has ended", async () => {
    const person = await newPerson();
    const session = await sessionOf(person);
    await db.session.deleteMany({ where: { id: session.id } });
    expect(await setUp(person, newSecret(), session)).toEqual({ ok: false, reason: "session-over" });
    expect(await hasSecondFactor(person.id)).toBe(false);
  });

  itOnce(`is refused after ${FACTOR_CHANGE_LIMITS.perAccount} changes in a day`, async () => {
    const person = await newPerson();
    const session = await sessionOf(person);
    for (let change = 0; change < FACTOR_CHANGE_LIMITS.perAccount; change++)
      expect(await setUp(person, newSecret(), session)).toMatchObject({ ok: true });
    expect(await setUp(person, newSecret(), session)).toMatchObject({ reason: "throttled" });
    expect(await makeRecoveryCodes(session, newClient())).toMatchObject({ reason: "throttled" });
    expect(await removeAuthenticator(session, newClient())).toMatchObject({ reason: "throttled" });
    expect(await eventsOf(person)).toHaveLength(FACTOR_CHANGE_LIMITS.perAccount);
  });
});

describe("setUpWhileLoggingIn", () => {
  it("is for a login that waits, of an account that has no second factor", async () => {
    const person = await newPerson();
    const { id, username, email, emailCanonical } = person;
    const user = { id, username, email, emailCanonical };
    const secret = newSecret();
    const input = { secret, code: codeOf(secret, now()) };
    const told = { isRemembered: false, isConfirming: false, alertEmailId: null };
    const gone = {
      id: "none",
      how: "password",
      ...told,
      provenAt: null,
      sessionId: null,
      connection: null,
      user,
    };
    expect(await setUpWhileLoggingIn(gone, input, newClient())).toMatchObject({ reason: "session-over" });
    await giveApp(person);
    const outcome = await enter(person);
    if (outcome.ok || outcome.reason !== "second-factor") return expect.fail("it does not wait");
    const row = await db.pendingLogin.findFirstOrThrow({ where: { userId: id } });
    expect(await setUpWhileLoggingIn({ ...gone, id: row.id }, input, newClient())).toMatchObject({
      reason: "session-over",
    });
  });
});

describe("removeAuthenticator", () => {
  it("takes the app and its recovery codes away, and tells the owner", async () => {
    const person = await newPerson();
    await giveApp(person);
    expect(await removeAuthenticator(await provenSession(person), newClient())).toEqual({
      ok: true,
      hadOne: true,
    });
    expect(await findFactors(person.id)).toEqual({ authenticator: null, recoveryCodes: null });
    expect(await enter(person)).toMatchObject({ ok: true });
    await emailTo(person.email, "authenticator-removed", mailbox);
    expect(await removeAuthenticator(await provenSession(person), newClient())).toEqual({
      ok: true,
      hadOne: false,
    });
  });
});

describe("makeRecoveryCodes", () => {
  it("ends the old ones, and tells the owner", async () => {
    const person = await newPerson();
    const { recoveryCodes: old } = await giveApp(person);
    const outcome = await makeRecoveryCodes(await provenSession(person), newClient());
    if (!outcome.ok) return expect.fail(outcome.reason);
    const [former = "", fresh = ""] = [old[0], outcome.recoveryCodes[0]];
    const user = await proven(person);
    expect(await proveSecondFactor(user, { recoveryCode: former }, newClient())).toMatchObject({ ok: false });
    expect(await proveSecondFactor(user, { recoveryCode: fresh }, newClient())).toMatchObject({ ok: true });
    const { text } = await emailTo(person.email, "recovery-codes-made", mailbox);
    for (const code of outcome.recoveryCodes) expect(text).not.toContain(code);
  });

  itOnce("makes none for an account without a second factor", async () => {
    const person = await newPerson();
    expect(await makeRecoveryCodes(await provenSession(person), newClient())).toMatchObject({
      reason: "no-factor",
    });
    expect(await db.recoveryCode.count({ where: { userId: person.id } })).toBe(0);
  });
});

describe("every change of the second factors", () => {
  itOnce("takes a session that has proven the factor of late, however the account got it", async () => {
    const person = await newPerson();
    const session = await sessionOf(person);
    const app = await giveApp(person);
    const refused = { ok: false, reason: "proof-needed" };
    expect(await setUp(person, newSecret(), session)).toEqual(refused);
    expect(await removeAuthenticator(session, newClient())).toEqual(refused);
    expect(await makeRecoveryCodes(session, newClient())).toEqual(refused);
    const longAgo = new Date(Date.now() - PROOF_MS);
    await db.session.updateMany({ where: { id: session.id }, data: { secondFactorAt: longAgo } });
    expect(await removeAuthenticator(session, newClient())).toEqual(refused);
    const code = await app.freshCode();
    expect(await proveSecondFactor(await proven(person), { code }, newClient())).toMatchObject({ ok: true });
    expect(await findFactors(person.id)).toMatchObject({ recoveryCodes: { left: 10 } });
  });

  itOnce.each<[string, (person: Person) => Promise<unknown>]>([
    ["an app", (person) => setUp(person)],
    ["a removal", async (person) => removeAuthenticator(await provenSession(person), newClient())],
    [
      "a new password",
      async (person) => {
        const { token } = await (await import("../../security/sessions")).openSession(
          person.id,
          false,
          newClient(),
        );
        const passwords = { currentPassword: person.password, password: "quite another password" };
        return changePassword({ user: person, sessionToken: token }, passwords, newClient());
      },
    ],
  ])("ends what stood on them as they were: %s", async (_, change) => {
    const person = await newPerson();
    await giveApp(person);
    expect(await enter(person)).toMatchObject({ reason: "second-factor" });
    const browser = { tokenHash: person.id, userId: person.id, trustedUntil: new Date(Date.now() + DAY_MS) };
    await db.knownBrowser.create({ data: browser });
    expect(await change(person)).toMatchObject({ ok: true });
    expect(await db.pendingLogin.count({ where: { userId: person.id } })).toBe(0);
    expect(await db.knownBrowser.count({ where: { userId: person.id, trustedUntil: { not: null } } })).toBe(
      0,
    );
  });
});

describe("proveSecondFactor", () => {
  const tryOften = async (
    person: Person,
    app: App,
    client = newClient(),
    times: number = SECOND_FACTOR_LIMITS.failuresBeforeWait,
  ) => {
    const user = await proven(person);
    for (let failure = 0; failure < times; failure++)
      expect(await proveSecondFactor(user, { code: wrongCodeFor(app) }, client)).toMatchObject({
        reason: "wrong-code",
      });
    return user;
  };

  itOnce(
    "makes an account wait after five wrong codes, from wherever they come, for no longer than an hour",
    async () => {
      const person = await newPerson();
      const app = await giveApp(person);
      const user = await tryOften(person, app);
      const right = async () => proveSecondFactor(user, { code: await app.freshCode() }, newClient());
      expect(await right()).toMatchObject({ reason: "throttled", retryAfterSeconds: 30 });
      const waits: number[] = [];
      for (let failure = 0; failure < 9; failure++) {
        await db.loginBackoff.updateMany({ data: { opensAt: new Date() } });
        await proveSecondFactor(user, { code: wrongCodeFor(app) }, newClient());
        const outcome = await right();
        waits.push("retryAfterSeconds" in outcome ? outcome.retryAfterSeconds : 0);
      }
      expect(waits).toEqual([60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]);
      await db.loginBackoff.updateMany({ data: { opensAt: new Date() } });
      expect(await right()).toMatchObject({ ok: true });
      expect(await db.loginBackoff.count(), "a right one begins anew").toBe(0);
    },
  );

  it("lets no more than five of any number of wrong codes at once be compared", async () => {
    const person = await newPerson();
    const app = await giveApp(person);
    const user = await proven(person);
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, () => proveSecondFactor(user, { code: wrongCodeFor(app) }, newClient())),
    );
    expect(outcomes.filter(({ ok }) => ok)).toEqual([]);
    const compared = outcomes.filter((outcome) => !outcome.ok && outcome.reason === "wrong-code");
    expect(compared).toHaveLength(SECOND_FACTOR_LIMITS.failuresBeforeWait);
  });

  itOnce("does not make a known browser wait for others, nor recovery codes for codes", async () => {
    const person = await newPerson();
    const opened = await enter(person);
    if (!opened.ok) return expect.fail("not logged in");
    const app = await giveApp(person);
    const user = await tryOften(person, app);
    const known = newClient(opened.browserToken);
    expect(await proveSecondFactor(user, { code: await app.freshCode() }, known)).toMatchObject({ ok: true });
    const [recoveryCode = ""] = app.recoveryCodes;
    expect(await proveSecondFactor(user, { recoveryCode }, newClient())).toMatchObject({ ok: true });
    await tryOften(person, app, known);
    expect(await proveSecondFactor(user, { code: await app.freshCode() }, known)).toMatchObject({
      reason: "throttled",
    });
  });

  itOnce("tells the owner once a day that somebody has the password and types wrong codes", async () => {
    const person = await newPerson();
    const app = await giveApp(person);
    await tryOften(person, app);
    const { text } = await emailTo(person.email, "wrong-codes", mailbox);
    expect(text).toContain("somebody knows your password");
    await db.loginBackoff.updateMany({ data: { opensAt: new Date() } });
    await tryOften(person, app, newClient(), 1);
    expect(await db.outboxEmail.count()).toBe(0);
    expect(mailbox.to(person.email, "wrong-codes")).toHaveLength(1);
  });

  itOnce("tells the owner of each recovery code that is used, and when three are left", async () => {
    const person = await newPerson();
    const { recoveryCodes } = await giveApp(person);
    const user = await proven(person);
    for (const recoveryCode of recoveryCodes.slice(0, 7))
      expect(await proveSecondFactor(user, { recoveryCode }, newClient())).toMatchObject({ ok: true });
    expect((await emailTo(person.email, "recovery-code-used", mailbox, 6)).text).toContain(" are left.");
    expect((await emailTo(person.email, "recovery-codes-few", mailbox)).text).toContain(
      "3 are left. Make new ones",
    );
    expect(await findFactors(person.id)).toMatchObject({ recoveryCodes: { left: 3 } });
  });

  itOnce("is forgotten what was wrong when the operator says so, and by itself after a day", async () => {
    const person = await newPerson();
    const app = await giveApp(person);
    await tryOften(person, app);
    expect(await unlockAsOperator(person.email, newClient())).toMatchObject({ forgotFailures: true });
    const user = await tryOften(person, app);
    await db.loginBackoff.updateMany({ data: { failedAt: new Date(Date.now() - DAY_MS - SECOND_MS) } });
    const { purgeRateLimits } = await import("../../security/rate-limits/rate-limits");
    await purgeRateLimits();
    expect(await db.loginBackoff.count()).toBe(0);
    expect(await proveSecondFactor(user, { code: await app.freshCode() }, newClient())).toMatchObject({
      ok: true,
    });
    expect(SECOND_FACTOR_KINDS).toHaveLength(2);
  });
});

describe("what was added since something that was not the owner", () => {
  const connect = (userId: string, createdAt: Date) =>
    db.account.create({
      data: {
        userId,
        type: "oidc",
        provider: "example",
        providerAccountId: `${userId} ${createdAt}`,
        createdAt,
      },
    });
  const kept = async ({ id }: Person) => ({
    app: await hasSecondFactor(id),
    codes: await db.recoveryCode.count({ where: { userId: id } }),
    connections: await db.account.count({ where: { userId: id } }),
  });

  it.each([
    ["before it stays", 2 * HOUR_MS, { app: true, codes: 10, connections: 1 }],
    ["after it ends", 0, { app: false, codes: 0, connections: 0 }],
  ])("by the lock of an alert: what came %s", async (_, ago, left) => {
    const person = await newPerson();
    const at = new Date(Date.now() - ago);
    await giveApp(person, at);
    await connect(person.id, at);
    const { token } = await linkFor(person, "lock-account", HOUR_MS);
    expect(await lockAccount(token, newClient())).toMatchObject({ ok: true });
    expect(await kept(person)).toEqual(left);
    if (!left.app) {
      const { text } = await emailTo(person.email, "factors-ended", mailbox);
      expect(text).toContain("the authenticator app, the recovery codes and the connections");
    }
  });

  itOnce("ends recovery codes that a thief has made beside the owner's app", async () => {
    const person = await newPerson();
    await giveApp(person, new Date(Date.now() - 2 * HOUR_MS));
    await makeRecoveryCodes(await provenSession(person), newClient());
    const { token } = await linkFor(person, "lock-account", HOUR_MS);
    expect(await lockAccount(token, newClient())).toMatchObject({ ok: true });
    expect(await kept(person)).toMatchObject({ app: true, codes: 0 });
    const { text } = await emailTo(person.email, "factors-ended", mailbox);
    expect(text).toContain("What was there before still works: the authenticator app.");
  });

  itOnce("says so where nothing is left, such as of an app that was replaced since", async () => {
    const person = await newPerson();
    await giveApp(person, new Date(Date.now() - 2 * HOUR_MS));
    expect(await setUp(person, newSecret(), await provenSession(person))).toMatchObject({ isReplaced: true });
    const { token } = await linkFor(person, "lock-account", HOUR_MS);
    expect(await lockAccount(token, newClient())).toMatchObject({ ok: true });
    const { text } = await emailTo(person.email, "factors-ended", mailbox);
    expect(text).toContain("Your account has no second factor now, and no passkey.");
    expect(text).not.toContain("still works");
  });

  itOnce(
    "counts from the oldest event that the link stands for, where the address was changed since",
    async () => {
      const person = await newPerson();
      const { id: userId, email: address, emailCanonical } = person;
      const { token } = await linkFor(person, "lock-account", 2 * HOUR_MS);
      const back = { userId, emailCanonical, address, createdAt: new Date(Date.now() - HOUR_MS) };
      await db.$transaction((tx) => makeLinkToken("restore-email", back, tx));
      await db.user.update({ where: { id: userId }, data: { emailCanonical: `${userId}@thief.example` } });
      await giveApp(person, new Date(Date.now() - 1.5 * HOUR_MS));
      expect(await lockAccount(token, newClient())).toEqual({ ok: true, isAddressBack: true });
      expect(await hasSecondFactor(userId)).toBe(false);
    },
  );

  itOnce("counts from the first login that an email tells of, where it tells of several", async () => {
    const person = await newPerson();
    for (let login = 0; login < 3; login++) expect(await enter(person)).toMatchObject({ ok: true });
    await deliverDue();
    await expect.poll(() => db.outboxEmail.count()).toBe(1);
    await db.outboxEmail.updateMany({ data: { createdAt: new Date(Date.now() - HOUR_MS / 2) } });
    expect(await enter(person)).toMatchObject({ ok: true }); // written anew, with another link
    await giveApp(person, new Date(Date.now() - HOUR_MS / 3));
    await db.outboxEmail.updateMany({ data: { dueAt: new Date() } });
    const { text } = await emailTo(person.email, "later-logins", mailbox);
    expect(text.match(/^- on /gm)).toHaveLength(2);
    const token = tokenIn(await emailTo(person.email, "later-logins", mailbox));
    expect(await lockAccount(token, newClient())).toMatchObject({ ok: true });
    expect(await hasSecondFactor(person.id)).toBe(false);
  });

  itOnce(
    "ends with a new password by an email to an address never confirmed, and not with that of an owner",
    async () => {
      const owner = await newPerson();
      await giveApp(owner);
      const password = "quite another password";
      for (const purpose of ["verify-email", "reset-password"] as const) {
        const stranger = await newPerson({ isVerified: false });
        await giveApp(stranger);
        const { token } = await linkFor(stranger, purpose);
        const outcome = await resetPassword({ token, password, purpose }, newClient());
        expect(outcome, purpose).toMatchObject({ ok: true, hasSecondFactor: false });
        expect(await kept(stranger), purpose).toEqual({ app: false, codes: 0, connections: 0 });
      }
      const link = await db.$transaction((tx) =>
        makeLinkToken("reset-password", { userId: owner.id, emailCanonical: owner.emailCanonical }, tx),
      );
      expect(await resetPassword({ token: link.token, password }, newClient())).toMatchObject({ ok: true });
      expect(await kept(owner)).toMatchObject({ app: true, codes: 10 });
    },
  );

  itOnce(
    "stays when somebody with a session locks the account from inside: a thief must not end the owner's",
    async () => {
      const person = await newPerson();
      const session = await sessionOf(person);
      await giveApp(person);
      expect(await lockOwnAccount(session, newClient())).toMatchObject({ ok: true });
      expect(await kept(person)).toMatchObject({ app: true, codes: 10 });
    },
  );
});

describe("wrong recovery codes", () => {
  itOnce("keep nobody waiting after a new password, and wrong codes of an app do", async () => {
    const person = await newPerson();
    const app = await giveApp(person);
    const wrong = { code: { code: wrongCodeFor(app) }, recoveryCode: { recoveryCode: "0".repeat(24) } };
    for (let failure = 0; failure < 5; failure++)
      for (const input of Object.values(wrong))
        await proveSecondFactor(await proven(person), input, newClient());
    const throttled = { ok: false, reason: "throttled" };
    const [recoveryCode = ""] = app.recoveryCodes;
    expect(await proveSecondFactor(await proven(person), { recoveryCode }, newClient())).toMatchObject(
      throttled,
    );
    const { token } = await linkFor(person, "reset-password");
    expect(await resetPassword({ token, password: "quite another password" }, newClient())).toMatchObject({
      ok: true,
    });
    const code = await app.freshCode();
    expect(await proveSecondFactor(await proven(person), { code }, newClient())).toMatchObject(throttled);
    expect(await proveSecondFactor(await proven(person), { recoveryCode }, newClient())).toMatchObject({
      ok: true,
    });
  });
});
