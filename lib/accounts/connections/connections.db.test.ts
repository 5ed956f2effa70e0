import { randomUUID } from "node:crypto";
import { afterEach, describe, expect, it, vi } from "vitest";

const mailbox = await vi.hoisted(async () => {
  const { startMailbox } = await import("../../testing/mailbox");
  const { PROVIDERS } = await import("../../testing/provider-settings");
  return startMailbox(PROVIDERS);
});

import { deliverDue } from "../../mail/delivery";
import type { ClientInfo } from "../../platform/client-info";
import { db, type Tx } from "../../platform/db";
import { env } from "../../platform/env";
import { findLinkToken, makeLinkToken } from "../../security/link-tokens";
import { askForProof } from "../../security/passkeys/ceremony";
import { newChallenge } from "../../security/passkeys/challenges";
import { isProofRecent, noteSecondFactor } from "../../security/session-proof";
import { findSession, openSession, revokeSession } from "../../security/sessions";
import { findPendingLogin, purgePendingLogins } from "../../security/two-factor/pending-logins";
import { codeOf, newSecret, stepAt } from "../../security/two-factor/totp";
import {
  FACTOR_CHANGE_LIMITS,
  LOGIN_LIMITS,
  REGISTRATION_LIMITS,
  SECOND_FACTOR_LIMITS,
} from "../../shared/limits";
import { HOUR_MS, MINUTE_MS } from "../../shared/units";
import { acmeIdentity, connectionOf, corpIdentity, dropPassword } from "../../testing/connections";
import { runsOn } from "../../testing/database";
import { itOnce } from "../../testing/it-once";
import { Authenticator, passkeyOf } from "../../testing/passkeys";
import {
  emailTo,
  enter,
  eventsOf,
  logIn,
  NEW_PASSWORD,
  newClient,
  newEmail,
  newPerson,
  PASSWORD,
  sessionOf,
  tokenIn,
} from "../../testing/people";
import { giveApp, wrongCodeFor } from "../../testing/second-factors";
import { correctEmailOfVouched } from "../correct-email";
import { exportData } from "../export-data";
import { hasSecondFactor } from "../factors";
import { describeProof } from "../history-words";
import { findLockEffects, lockAccount, lockOwnAccount } from "../lock-account";
import { logOut } from "../log-out";
import { admit } from "../login/admit";
import { finishByNewPasskey, finishBySetUp, finishLogin } from "../login/finish-login";
import { finishLoginByPasskey } from "../login/log-in-with-passkey";
import { logInWithProvider, reAuthenticateByProvider } from "../login/log-in-with-provider";
import type { Asker } from "../login/prove-holder";
import { findVouched, type ProviderIdentity, vouchFor } from "../login/prove-provider";
import { disconnectAsOperator, resetFactorsAsOperator } from "../operator-factors";
import { endOtherSessions, endSession } from "../own-sessions";
import { askForPasskey } from "../passkeys/add-passkey";
import { removePasskey } from "../passkeys/own-passkeys";
import { resetPassword } from "../reset-password";
import { setEmail } from "../set-email";
import { verifyEmail, verifyEmailByCode } from "../verify-email";
import {
  connect,
  disconnect,
  listConnections,
  offeredProviders,
  ownProviders,
  providersToConnect,
  timedProviders,
} from "./own-connections";
import { registerWithProvider } from "./register-with-provider";
import { hasAccountAt, isAddressInUse } from "./take-over";

/** Of a provider that the settings named once by the name that Acme has now. */
const FORMER_ISSUER = "https://id.former.example";

const options = { isRemembered: false, previousSessionToken: null };

const enterBy = async (identity: ProviderIdentity, client = newClient()) =>
  (await logInWithProvider(identity, options, client)).outcome;

const finishing = { previousSessionToken: null, trustsBrowser: false };

/** The login that waits for its second factor. */
async function pendingOf(outcome: Awaited<ReturnType<typeof reAuthenticateByProvider>>) {
  const waits = !outcome.ok && outcome.reason === "second-factor" ? outcome.pending : null;
  return (await findPendingLogin(waits?.token ?? "")) ?? expect.fail("it does not wait");
}

/** What comes of it where a passkey is to be set up behind it, and where that is refused an app. */
async function setUp(login: Awaited<ReturnType<typeof enterBy>>) {
  const pending = await pendingOf(login);
  const made = new Authenticator(env().publicUrl.origin).create(
    await askForPasskey(pending.user, "add", pending.id),
  );
  const secret = newSecret();
  const app = { secret, code: codeOf(secret, stepAt(Date.now())) };
  const byPasskey = await finishByNewPasskey(pending, made, finishing, newClient());
  return byPasskey.ok ? byPasskey : finishBySetUp(pending, app, finishing, newClient());
}

/** Whether a login counts as a recent proof. */
async function isProof(login: { ok: true; session: { token: string } } | { ok: false }) {
  const session = login.ok ? await findSession(login.session.token) : null;
  return isProofRecent(session ?? expect.fail("not logged in"));
}

const newName = () => `a${randomUUID().slice(0, 12)}`;

const arrive = (
  identity: ProviderIdentity,
  more: { username?: string; email?: string; takesOver?: boolean } = {},
) =>
  registerWithProvider(identity, { username: newName(), email: identity.email ?? "", ...more }, newClient());

const rowOf = (email: string) =>
  db.user.findUniqueOrThrow({
    where: { emailCanonical: email.toLowerCase() },
    include: { accounts: true },
    omit: { passwordHash: false },
  });

afterEach(async () => {
  Object.assign(env(), { requireTwoFactor: false });
  await db.rateLimit.deleteMany();
  await db.loginBackoff.deleteMany();
});

describe("somebody who comes from a provider for the first time", () => {
  it("gets an account without a password, whose address is to be confirmed, and no token of the provider is kept", async () => {
    const email = newEmail();
    const identity = acmeIdentity({ email, displayName: "Ada" });
    expect(await enterBy(identity)).toEqual({ ok: false, reason: "unknown" });
    const outcome = await arrive(identity);
    if (!outcome.ok) return expect.fail(outcome.reason);
    expect(outcome.isConfirmed).toBe(false);
    const { accounts, passwordHash, emailVerified, name } = await rowOf(email);
    expect({ passwordHash, emailVerified, name }).toEqual({
      passwordHash: null,
      emailVerified: null,
      name: "Ada",
    });
    const { provider, issuer, subject: providerAccountId } = identity;
    const { createdAt: _, updatedAt: __, ...kept } = accounts[0] ?? expect.fail("no connection");
    expect(Object.fromEntries(Object.entries(kept).filter(([, value]) => value !== null))).toEqual({
      userId: outcome.user.id,
      type: "oidc",
      provider,
      issuer,
      providerAccountId,
    });
    await emailTo(email, "verify-email", mailbox);
    expect(await admit(outcome.user, "provider", newClient(), options)).toMatchObject({ ok: true });
    expect(await enterBy(identity)).toMatchObject({ ok: true });
    expect(await logIn(email)).toEqual({ ok: false, reason: "refused" });
    const { how } = await db.auditEvent.findFirstOrThrow({
      where: { userId: outcome.user.id, event: "login" },
    });
    expect(describeProof(how)).toBe("with your account at Acme ID");
  });

  itOnce(
    "has a confirmed address where the provider's word counts, and gets an email whose lock ends the connection",
    async () => {
      const email = newEmail();
      expect(await arrive(corpIdentity(email))).toMatchObject({ ok: true, isConfirmed: true });
      expect((await rowOf(email)).emailVerified).not.toBeNull();
      const told = await emailTo(email, "connection-registered", mailbox);
      expect(told.text).toContain("was registered with your address and an account at Corp");
      const { id } = await rowOf(email);
      expect(await lockAccount(tokenIn(told), newClient())).toMatchObject({ ok: true });
      expect(await listConnections(id)).toEqual([]);
      const typed = newEmail();
      const other = await arrive(corpIdentity(newEmail()), { email: typed });
      expect(other, "another address than the provider's is a claim").toMatchObject({ isConfirmed: false });
      expect((await rowOf(typed)).emailVerified).toBeNull();
    },
  );

  itOnce(
    "learns of an account at their address only from a provider whose word counts, and is never let in",
    async () => {
      const person = await newPerson();
      const claimed = acmeIdentity({ email: person.email });
      expect(await hasAccountAt(claimed)).toBe(false);
      expect(await arrive(claimed)).toEqual({ ok: false, reason: "taken", fields: ["email"] });
      const proven = corpIdentity(person.email.toUpperCase());
      expect(await hasAccountAt(proven)).toBe(true);
      expect(await arrive(proven)).toEqual({ ok: false, reason: "has-account" });
      for (const identity of [claimed, proven])
        expect(await enterBy(identity)).toMatchObject({ reason: "unknown" });
      expect((await rowOf(person.email)).accounts).toEqual([]);
      expect(await logIn(person.email)).toMatchObject({ ok: true });
    },
  );

  it("takes over an account on their address that was never confirmed, and nothing of a stranger's stays in it", async () => {
    const stranger = await newPerson({ isVerified: false });
    const theirs = await connectionOf(stranger);
    expect(await enter(stranger)).toMatchObject({ ok: true });
    await giveApp(stranger);
    await passkeyOf(stranger);
    const before = { createdAt: new Date(0), passkeyOfferedAt: new Date(0), deleteAt: new Date() };
    await db.user.update({ where: { id: stranger.id }, data: before });
    const link = await db.$transaction((tx) =>
      makeLinkToken("reset-password", { userId: stranger.id, emailCanonical: stranger.emailCanonical }, tx),
    );
    const identity = corpIdentity(stranger.email);
    expect(await hasAccountAt(identity)).toBe(false);
    expect(await arrive(acmeIdentity({ email: stranger.email }))).toMatchObject({ fields: ["email"] });
    const username = newName();
    expect(await isAddressInUse(identity)).toBe(true);
    expect(await arrive(identity, { username }), "somebody uses it").toEqual({ ok: false, reason: "in-use" });
    expect((await rowOf(stranger.email)).username).toBe(stranger.username);
    const outcome = await arrive(identity, { username, takesOver: true });
    if (!outcome.ok) return expect.fail(outcome.reason);
    await emailTo(stranger.email, "connection-taken-over", mailbox);
    const { id, accounts, ...row } = await rowOf(stranger.email);
    expect(id).toBe(stranger.id);
    expect(row).toMatchObject({ username, passwordHash: null, emailVerified: expect.any(Date) });
    expect(row).toMatchObject({ passkeyHandle: null, passkeyOfferedAt: null, deleteAt: null });
    expect(Date.now() - row.createdAt.getTime(), "since when they are a member").toBeLessThan(HOUR_MS);
    const history = await db.auditEvent.findMany({ where: { userId: id }, select: { event: true } });
    expect(history.map(({ event }) => event).toSorted()).toEqual(["email-verified", "registered"]);
    expect(accounts.map(({ provider }) => provider)).toEqual(["corp"]);
    const where = { userId: id };
    for (const left of [
      db.session.count({ where }),
      db.knownBrowser.count({ where }),
      db.authenticator.count({ where }),
      db.passkey.count({ where }),
    ])
      expect(await left).toBe(0);
    expect(await resetPassword({ token: link.token, password: PASSWORD }, newClient())).toMatchObject({
      reason: "link-spent",
    });
    expect(await enterBy(theirs)).toMatchObject({ reason: "unknown" });
    expect(await enterBy(identity)).toMatchObject({ ok: true });
    expect(await db.outboxEmail.count(), "their first login is no news").toBe(0);
    expect(mailbox.to(stranger.email, "new-login")).toHaveLength(0);
    expect(await enterBy(identity)).toMatchObject({ ok: true });
    await emailTo(stranger.email, "new-login", mailbox);
  });

  itOnce(
    "takes over no account in use behind a login that its person did not give of late, as in a borrowed browser",
    async () => {
      const owner = await newPerson({ isVerified: false });
      expect(await enter(owner)).toMatchObject({ ok: true });
      const anHourAgo = new Date(Date.now() - HOUR_MS);
      for (const authenticatedAt of [anHourAgo, null])
        expect(
          await arrive(corpIdentity(owner.email, { authenticatedAt }), { takesOver: true }),
          `${authenticatedAt}`,
        ).toEqual({ ok: false, reason: "in-use" });
      expect(await rowOf(owner.email)).toMatchObject({ username: owner.username, accounts: [] });
      expect(await enter(owner)).toMatchObject({ ok: true });

      const unused = await newPerson({ isVerified: false });
      const stale = corpIdentity(unused.email, { authenticatedAt: anHourAgo });
      expect(await arrive(stale), "nobody has ever been in that one").toMatchObject({ ok: true });
      await emailTo(unused.email, "connection-registered", mailbox);
    },
  );

  itOnce(
    "takes an account over only when asked to that nobody is known to have registered, such as an imported one",
    async () => {
      const imported = await newPerson({ isVerified: false });
      await db.auditEvent.deleteMany({ where: { userId: imported.id } });
      const identity = corpIdentity(imported.email);
      expect(await isAddressInUse(identity)).toBe(true);
      expect(await arrive(identity)).toEqual({ ok: false, reason: "in-use" });
      expect(await rowOf(imported.email)).toMatchObject({ username: imported.username, accounts: [] });
      expect(await arrive(identity, { takesOver: true })).toMatchObject({ ok: true });
    },
  );

  itOnce("is not led past an operator's lock by taking an account over", async () => {
    const stranger = await newPerson({ isVerified: false });
    await db.user.update({ where: { id: stranger.id }, data: { lockedByOperatorAt: new Date() } });
    for (const takesOver of [false, true])
      expect(await arrive(corpIdentity(stranger.email), { takesOver })).toEqual({
        ok: false,
        reason: "locked",
        by: "operator",
      });
    expect(await rowOf(stranger.email)).toMatchObject({
      username: stranger.username,
      passwordHash: expect.any(String),
    });
  });

  it("is told that a username is taken, counts as a registration, and is one of however many at once", async () => {
    const person = await newPerson();
    const identity = acmeIdentity({ email: newEmail() });
    expect(await arrive(identity, { username: person.username.slice(0, 20) })).toMatchObject({ ok: true });
    const again = acmeIdentity({ email: newEmail() });
    expect(await arrive(again, { username: person.username.slice(0, 20).toUpperCase() })).toEqual({
      ok: false,
      reason: "taken",
      fields: ["username"],
    });
    const at = acmeIdentity({ email: newEmail() });
    const outcomes = await Promise.all([1, 2, 3].map(() => arrive(at, { email: newEmail() })));
    expect(outcomes.filter(({ ok }) => ok)).toHaveLength(1);
    expect(outcomes.filter((outcome) => !outcome.ok && outcome.reason === "connected")).toHaveLength(2);
    for (let count = 0; count < LOGIN_LIMITS.loginsPerAccount; count++) await enterBy(at);
    expect(await enterBy(at)).toMatchObject({ reason: "throttled" });
    expect(await arrive(at, { email: newEmail() }), "also while its logins have to wait").toMatchObject({
      reason: "connected",
    });

    const client = newClient();
    for (let count = 0; count < REGISTRATION_LIMITS.perHour; count++)
      await registerWithProvider(again, { username: person.username, email: person.email }, client);
    const free = { username: newName(), email: newEmail() };
    expect(await registerWithProvider(acmeIdentity(), free, client)).toMatchObject({ of: "accounts" });
  });
});

describe("a login with a provider", () => {
  it("goes by issuer, provider and subject: the same subject elsewhere, or the same address, is nobody", async () => {
    const person = await newPerson();
    const identity = await connectionOf(person);
    expect(await enterBy(identity)).toMatchObject({ ok: true });
    for (const other of [
      { issuer: "https://id.other.example" },
      { provider: "corp" },
      { subject: `${identity.subject} ` },
    ])
      expect(await enterBy({ ...identity, ...other, email: person.email })).toMatchObject({
        reason: "unknown",
      });
  });

  itOnce(
    "is a recent proof where its person has proven there of late who they are, and no other time",
    async () => {
      const person = await newPerson();
      const identity = await connectionOf(person);
      const isProofAt = async (authenticatedAt: Date | null) =>
        isProof(await enterBy({ ...identity, authenticatedAt }));
      expect(await isProofAt(new Date())).toBe(true);
      expect(await isProofAt(new Date(Date.now() + HOUR_MS)), "by a clock that is ahead").toBe(true);
      expect(await isProofAt(new Date(Date.now() - HOUR_MS))).toBe(false);
      expect(await isProofAt(null)).toBe(false);
      const newcomer = await arrive(acmeIdentity({ email: newEmail(), authenticatedAt: null }));
      const first = newcomer.ok ? await admit(newcomer.user, "provider", newClient(), options) : newcomer;
      const session = first.ok ? await findSession(first.session.token) : null;
      expect(isProofRecent(session ?? expect.fail("not logged in"))).toBe(false);
    },
  );

  itOnce(
    "is no more recent a proof once it has waited for a second factor, but for a passkey that the account has",
    async () => {
      const person = await newPerson();
      const identity = await connectionOf(person);
      const app = await giveApp(person);
      const finish = async (authenticatedAt: Date | null) => {
        const pending = await pendingOf(await enterBy({ ...identity, authenticatedAt }));
        return isProof(await finishLogin(pending, { code: await app.freshCode() }, finishing, newClient()));
      };
      expect(await finish(new Date())).toBe(true);
      expect(await finish(new Date(Date.now() - HOUR_MS))).toBe(false);
      expect(await finish(null)).toBe(false);
      const { authenticator } = await passkeyOf(person);
      const waiting = await pendingOf(await enterBy({ ...identity, authenticatedAt: null }));
      const json = authenticator.get(
        await askForProof(newChallenge({ purpose: "second-step", subject: waiting.id })),
      );
      expect(await isProof(await finishLoginByPasskey(waiting, json, finishing, newClient()))).toBe(true);
    },
  );

  itOnce(
    "has nothing set up behind it that nobody gave of late, an app as little as a passkey, but by a newcomer",
    async () => {
      const person = await newPerson();
      const identity = await connectionOf(person);
      Object.assign(env(), { requireTwoFactor: true });
      const anHourAgo = new Date(Date.now() - HOUR_MS);
      for (const authenticatedAt of [null, anHourAgo])
        expect(await setUp(await enterBy({ ...identity, authenticatedAt }))).toEqual({
          ok: false,
          reason: "proof-needed",
        });
      await db.user.update({ where: { id: person.id }, data: { firstLoginAt: anHourAgo } });
      await dropPassword(person);
      expect(await setUp(await enterBy({ ...identity, authenticatedAt: null }))).toMatchObject({
        reason: "proof-needed",
      });
      expect(await hasSecondFactor(person.id)).toBe(false);
      expect(await setUp(await enterBy(identity))).toMatchObject({ ok: true, login: { ok: true } });

      const arrived = acmeIdentity({ email: newEmail(), authenticatedAt: null });
      expect(await arrive(arrived)).toMatchObject({ ok: true });
      const first = await setUp(await enterBy(arrived));
      expect(first).toMatchObject({ ok: true, login: { ok: true } });

      const late = acmeIdentity({ email: newEmail(), authenticatedAt: null });
      const { id: userId } = await rowOf((await arrive(late)).ok ? (late.email ?? "") : "");
      await db.auditEvent.updateMany({ where: { userId, event: "registered" }, data: { at: anHourAgo } });
      expect(await setUp(await enterBy(late)), "an hour later").toMatchObject({ reason: "proof-needed" });
    },
  );

  itOnce("is no newcomer's where an account in use was taken over: its owner would be shut out", async () => {
    const owner = await newPerson({ isVerified: false });
    const anHourAgo = new Date(Date.now() - HOUR_MS);
    await db.user.update({ where: { id: owner.id }, data: { firstLoginAt: anHourAgo } });
    await giveApp(owner);
    const stale = corpIdentity(owner.email, { authenticatedAt: anHourAgo });
    expect(await arrive({ ...stale, authenticatedAt: new Date() }, { takesOver: true })).toMatchObject({
      ok: true,
    });
    Object.assign(env(), { requireTwoFactor: true });
    expect(await setUp(await enterBy(stale))).toMatchObject({ reason: "proof-needed" });
    expect(await hasSecondFactor(owner.id)).toBe(false);
    expect(await setUp(await enterBy({ ...stale, authenticatedAt: new Date() }))).toMatchObject({
      ok: true,
      login: { ok: true },
    });
  });

  itOnce(
    "is told as what it was where no second factor comes behind it, or a wrong one: nobody typed a password",
    async () => {
      const [person, other] = [await newPerson(), await newPerson()];
      await db.auditEvent.deleteMany({ where: { userId: { in: [person.id, other.id] } } });
      const identity = await connectionOf(person);
      await dropPassword(person);
      const app = await giveApp(person);
      const pending = await pendingOf(await enterBy(identity));
      for (let count = 0; count < SECOND_FACTOR_LIMITS.failuresBeforeWait; count++)
        await finishLogin(pending, { code: wrongCodeFor(app) }, finishing, newClient());
      const told = [await emailTo(person.email, "wrong-codes", mailbox)];
      const email = newEmail();
      const toldOfHalfDone = async (address: string) => {
        await db.outboxEmail.updateMany({ data: { dueAt: new Date(0) } });
        told.push(await emailTo(address, "half-done-by-provider", mailbox));
      };
      await db.$transaction((tx) => setEmail(person.id, email, new Date(), tx));
      await toldOfHalfDone(email);

      const others = await giveApp(other);
      const own = await pendingOf(await enter(other));
      await pendingOf(await enterBy(await connectionOf(other)));
      const code = await others.freshCode();
      expect(await finishLogin(own, { code }, finishing, newClient())).toMatchObject({ ok: true });
      await toldOfHalfDone(other.email);
      for (const { text } of told) {
        expect(text).toContain("by way of Acme ID");
        expect(text).not.toContain("your password");
        expect(text).not.toContain("the password of");
      }
    },
  );

  itOnce(
    "is told with the password, where that was right as well: in the same browser, or in another one that still waits",
    async () => {
      const [person, other] = [await newPerson(), await newPerson()];
      await db.auditEvent.deleteMany({ where: { userId: { in: [person.id, other.id] } } });
      const told = async ({ email }: { email: string }) => {
        await db.outboxEmail.updateMany({ data: { dueAt: new Date(0) } });
        return (await emailTo(email, "half-done", mailbox)).text;
      };
      await giveApp(person);
      const client = newClient();
      const begun = await enterBy(await connectionOf(person), client);
      const pendingToken = !begun.ok && begun.reason === "second-factor" ? begun.pending.token : "";
      await pendingOf(await enter(person, { ...client, pendingToken }));
      expect(await told(person)).toContain("typed the password of your account");

      const app = await giveApp(other);
      const identity = await connectionOf(other);
      const own = await pendingOf(await enterBy(identity));
      await pendingOf(await enter(other));
      await pendingOf(await enterBy(identity));
      const code = await app.freshCode();
      expect(await finishLogin(own, { code }, finishing, newClient())).toMatchObject({ ok: true });
      expect(await told(other)).toContain("typed the password of your account");
    },
  );

  itOnce("is told with the password also where that came first, and its hour was full", async () => {
    const person = await newPerson();
    await db.auditEvent.deleteMany({ where: { userId: person.id } });
    const identity = await connectionOf(person);
    const app = await giveApp(person);
    const own = await pendingOf(await enter(person));
    const client = newClient();
    const begun = await enter(person, client);
    const pendingToken = !begun.ok && begun.reason === "second-factor" ? begun.pending.token : "";
    const thief = await pendingOf(await enterBy(identity, { ...client, pendingToken }));
    for (let count = 0; count < SECOND_FACTOR_LIMITS.failuresBeforeWait; count++)
      await finishLogin(thief, { code: wrongCodeFor(app) }, finishing, newClient());
    expect((await emailTo(person.email, "wrong-codes", mailbox)).text).toContain("the password of your");
    await db.loginBackoff.deleteMany();
    const code = await app.freshCode();
    expect(await finishLogin(own, { code }, finishing, newClient())).toMatchObject({ ok: true });
    await db.outboxEmail.updateMany({ data: { dueAt: new Date(0) } });
    await emailTo(person.email, "half-done", mailbox);
    expect(mailbox.to(person.email, "half-done-by-provider")).toHaveLength(0);
  });

  itOnce(
    "is not told as the password once more where that has been told, nor keeps its own hour",
    async () => {
      const person = await newPerson();
      await db.auditEvent.deleteMany({ where: { userId: person.id } });
      await giveApp(person);
      const [identity, client] = [await connectionOf(person), newClient()];
      const leave = async () => {
        await db.outboxEmail.updateMany({ data: { dueAt: new Date(0) } });
        await deliverDue();
      };
      const begun = await enter(person, client);
      const pendingToken = !begun.ok && begun.reason === "second-factor" ? begun.pending.token : "";
      await leave();
      await pendingOf(await enterBy(identity, { ...client, pendingToken }));
      await leave();
      expect(mailbox.to(person.email, "half-done")).toHaveLength(1);
      await pendingOf(await enterBy(identity));
      await leave();
      expect(mailbox.to(person.email, "half-done-by-provider"), "from elsewhere").toHaveLength(1);
    },
  );

  itOnce.each([
    ["", false],
    [", or since the account has moved between them", true],
  ])("ends by its link what was set up since the first of two proofs%s", async (_, isMoved) => {
    const person = await newPerson();
    await db.auditEvent.deleteMany({ where: { userId: person.id } });
    await giveApp(person, new Date(Date.now() - HOUR_MS));
    const [identity, client] = [await connectionOf(person), newClient()];
    await db.account.updateMany({ where: { userId: person.id }, data: { createdAt: new Date(0) } });
    const begun = await enterBy(identity, client);
    const pendingToken = !begun.ok && begun.reason === "second-factor" ? begun.pending.token : "";
    const ago = (minutes: number) => ({ createdAt: new Date(Date.now() - minutes * MINUTE_MS) });
    await db.outboxEmail.updateMany({ data: ago(6) });
    await passkeyOf(person);
    await db.passkey.updateMany({ where: { userId: person.id }, data: ago(3) });
    const email = isMoved ? newEmail() : person.email;
    if (isMoved) await db.$transaction((tx) => setEmail(person.id, email, new Date(), tx));
    const moved = { ...person, email, emailCanonical: email.toLowerCase() };
    await pendingOf(await enter(moved, { ...client, pendingToken }));
    await db.outboxEmail.updateMany({ data: { dueAt: new Date(0) } });
    const told = await emailTo(email, "half-done", mailbox);
    expect(await lockAccount(tokenIn(told), newClient())).toMatchObject({ ok: true });
    expect(await db.passkey.count({ where: { userId: person.id } })).toBe(isMoved ? 1 : 0);
    expect(await db.account.count({ where: { userId: person.id } }), "older").toBe(1);
  });

  itOnce(
    "does not keep the owner from hearing of the password, from whatever browser and however late that comes",
    async () => {
      const elsewhere = async () => newClient();
      const onceItHasLeft = async (client: ClientInfo, pendingToken: string) => {
        await db.outboxEmail.updateMany({ data: { dueAt: new Date(0) } });
        await deliverDue();
        return { ...client, pendingToken };
      };
      for (const goOn of [elsewhere, onceItHasLeft]) {
        const person = await newPerson();
        await db.auditEvent.deleteMany({ where: { userId: person.id } });
        await giveApp(person);
        const client = newClient();
        const begun = await enterBy(await connectionOf(person), client);
        const token = !begun.ok && begun.reason === "second-factor" ? begun.pending.token : "";
        await pendingOf(await enter(person, await goOn(client, token)));
        await pendingOf(await enter(person));
        await db.outboxEmail.updateMany({ data: { dueAt: new Date(0) } });
        await deliverDue();
        expect(mailbox.to(person.email, "half-done-by-provider"), goOn.name).toHaveLength(1);
        expect(mailbox.to(person.email, "half-done"), goOn.name).toHaveLength(1);
      }
    },
  );

  itOnce(
    "is told apart from a password that waits elsewhere: each is taken back once its own login goes on",
    async () => {
      const person = await newPerson();
      await db.auditEvent.deleteMany({ where: { userId: person.id } });
      const app = await giveApp(person, new Date(Date.now() - HOUR_MS));
      const byProvider = await pendingOf(await enterBy(await connectionOf(person)));
      const byPassword = await pendingOf(await enter(person));
      const finish = async (pending: typeof byProvider) =>
        expect(
          await finishLogin(pending, { code: await app.freshCode() }, finishing, newClient()),
        ).toMatchObject({ ok: true });
      const waiting = () =>
        db.outboxEmail.findMany({
          where: { id: { in: [byProvider, byPassword].flatMap(({ alertEmailId }) => alertEmailId ?? []) } },
          select: { id: true },
        });
      expect(await waiting()).toHaveLength(2);
      await finish(byProvider);
      expect(await waiting()).toEqual([{ id: byPassword.alertEmailId }]);
      await finish(byPassword);
      expect(await waiting()).toEqual([]);
    },
  );

  itOnce("waits no more once the settings have lost its provider, or name another issuer", async () => {
    const person = await newPerson();
    await giveApp(person);
    const begun = await enterBy(await connectionOf(person));
    await pendingOf(begun);
    const { providers } = env();
    const others = providers.filter(({ id }) => id !== "acme");
    const renamed = providers.map((each) => (each.id === "acme" ? { ...each, issuer: FORMER_ISSUER } : each));
    try {
      for (const now of [others, renamed]) {
        Object.assign(env(), { providers: now });
        await expect(pendingOf(begun)).rejects.toThrow("it does not wait");
      }
    } finally {
      Object.assign(env(), { providers });
    }
    expect((await pendingOf(begun)).connection).toMatchObject({ provider: "acme" });
  });

  it("is refused by a lock, and by a disconnection between its proof and the gate", async () => {
    const person = await newPerson();
    const { provider, issuer, subject } = await connectionOf(person);
    const proof = { ...person, connection: { provider, issuer, subject } };
    await db.account.deleteMany({ where: { userId: person.id } });
    expect(await admit(proof, "provider", newClient(), options)).toEqual({ ok: false, reason: "refused" });
    await connectionOf(person, acmeIdentity({ subject }));
    await db.user.update({ where: { id: person.id }, data: { lockedByOwnerAt: new Date() } });
    expect(await admit(proof, "provider", newClient(), options)).toMatchObject({ reason: "locked" });
  });

  itOnce(
    "is let in so often in a while",
    async () => {
      const identity = await connectionOf(await newPerson());
      for (let count = 0; count < LOGIN_LIMITS.loginsPerAccount; count++) await enterBy(identity);
      expect(await enterBy(identity)).toMatchObject({ reason: "throttled" });
    },
    30_000,
  );
});

describe("connect", () => {
  it("connects an account and tells its owner, whose lock ends the connection with all that came since", async () => {
    const person = await newPerson();
    const older = await connectionOf(person, corpIdentity(person.email));
    const before = { createdAt: new Date(Date.now() - HOUR_MS) };
    await db.account.updateMany({ where: { userId: person.id }, data: before });
    const identity = acmeIdentity();
    const session = await sessionOf(person);
    expect(await connect(session, identity, newClient())).toEqual({ ok: true, isNew: true });
    expect(await connect(session, identity, newClient())).toEqual({ ok: true, isNew: false });
    expect(await eventsOf(person)).toEqual(["connection-added"]);
    const alert = await emailTo(person.email, "connection-added", mailbox);
    expect(alert.text).toContain("Acme ID");
    expect(await lockAccount(tokenIn(alert), newClient())).toMatchObject({ ok: true });
    const ended = await emailTo(person.email, "factors-ended", mailbox);
    expect(ended.text).toContain("still works: connections to providers");
    expect((await listConnections(person.id)).map(({ provider }) => provider)).toEqual(["corp"]);
    expect(await enterBy(identity)).toMatchObject({ reason: "unknown" });
    expect(await enterBy(older)).toMatchObject({ reason: "locked" });
  });

  it("refuses one of another account, a second one, an ended session, and one without its second factor", async () => {
    const [person, other] = [await newPerson(), await newPerson()];
    const taken = await connectionOf(other);
    const session = await sessionOf(person);
    expect(await connect(session, taken, newClient())).toEqual({ ok: false, reason: "taken" });
    await connectionOf(person);
    expect(await connect(session, acmeIdentity(), newClient())).toEqual({ ok: false, reason: "one-only" });
    const corp = corpIdentity(newEmail());
    await giveApp(person);
    expect(await connect(session, corp, newClient())).toEqual({ ok: false, reason: "proof-needed" });
    await noteSecondFactor(session.id, db);
    await db.session.deleteMany({ where: { userId: person.id } });
    expect(await connect(session, corp, newClient())).toEqual({ ok: false, reason: "session-over" });
    expect(await listConnections(person.id)).toHaveLength(1);
    expect((await db.account.findFirstOrThrow({ where: { providerAccountId: taken.subject } })).userId).toBe(
      other.id,
    );
  });

  itOnce(
    "takes the place of a person's own by a former issuer of that name, and no other person's; stops at its limit",
    async () => {
      const [person, other] = [await newPerson(), await newPerson()];
      const former = await connectionOf(other, acmeIdentity({ issuer: FORMER_ISSUER }));
      await connectionOf(person, acmeIdentity({ issuer: FORMER_ISSUER }));
      const session = await sessionOf(person);
      const { subject } = former;
      const now = acmeIdentity({ subject, name: "ada@acme.example" });
      expect(await connect(session, now, newClient())).toMatchObject({ isNew: true });
      expect(await listConnections(person.id)).toMatchObject([{ name: "ada@acme.example", isUsable: true }]);
      expect(await arrive(acmeIdentity({ subject, email: newEmail() }))).toMatchObject({
        reason: "connected",
      });
      const { providers } = env();
      const formerly = providers.map((each) => ({
        ...each,
        issuer: each.id === "acme" ? FORMER_ISSUER : each.issuer,
      }));
      Object.assign(env(), { providers: formerly });
      expect(await enterBy(former), "the setting is as it was").toMatchObject({ ok: true });
      Object.assign(env(), { providers });
      for (let count = 1; count < FACTOR_CHANGE_LIMITS.perAccount; count++)
        await connect(session, acmeIdentity({ subject }), newClient());
      expect(await disconnect(session, "acme", newClient())).toMatchObject({ reason: "throttled" });
    },
  );
});

describe("disconnect", () => {
  it("ends the connection and the logins that wait, and tells the owner; the last way in stays", async () => {
    const person = await newPerson();
    const identity = await connectionOf(person);
    const session = await sessionOf(person);
    await dropPassword(person);
    expect(await disconnect(session, "acme", newClient())).toEqual({ ok: false, reason: "last-way-in" });
    await connectionOf(person, acmeIdentity({ provider: "gone" }));
    await connectionOf(person, corpIdentity(person.email, { issuer: FORMER_ISSUER }));
    expect(await disconnect(session, "acme", newClient()), "by no setting any more").toMatchObject({
      reason: "last-way-in",
    });
    expect((await ownProviders(person.id)).map(({ id }) => id)).toEqual(["acme"]);
    const corp = corpIdentity(person.email);
    await connectionOf(person, corp);
    await giveApp(person);
    await noteSecondFactor(session.id, db);
    expect(await enterBy(identity)).toMatchObject({ reason: "second-factor" });
    expect(await disconnect(session, "acme", newClient())).toEqual({ ok: true, hadIt: true });
    expect(await disconnect(session, "acme", newClient())).toEqual({ ok: true, hadIt: false });
    expect(await db.pendingLogin.count({ where: { userId: person.id } })).toBe(0);
    await emailTo(person.email, "connection-removed", mailbox);
    expect(await eventsOf(person)).toEqual(["login-half-done", "connection-removed"]);
    const passkey = await passkeyOf(person);
    expect(await disconnect(session, "corp", newClient()), "a passkey is one").toMatchObject({ hadIt: true });
    expect(await removePasskey(session, passkey.passkey.id, newClient())).toMatchObject({
      reason: "last-way-in",
    });
  });

  itOnce(
    "takes away what opens nothing, also from an account without another way in, which can connect anew",
    async () => {
      const person = await newPerson();
      await connectionOf(person, acmeIdentity({ issuer: FORMER_ISSUER }));
      await connectionOf(person, corpIdentity(person.email));
      await dropPassword(person);
      const offered = async () => providersToConnect(await listConnections(person.id)).map(({ id }) => id);
      const all = offeredProviders().map(({ id }) => id);
      expect(await offered()).toEqual(all.filter((id) => id !== "corp"));
      const session = await sessionOf(person);
      expect(await disconnect(session, "corp", newClient())).toMatchObject({ reason: "last-way-in" });
      await db.account.deleteMany({ where: { userId: person.id, provider: "corp" } });
      expect(await disconnect(session, "acme", newClient())).toEqual({ ok: true, hadIt: true });
      expect(await offered()).toEqual(all);
    },
  );

  itOnce("is no other person's, and says nothing of theirs", async () => {
    const [person, other] = [await newPerson(), await newPerson()];
    await connectionOf(other);
    expect(await disconnect(await sessionOf(person), "acme", newClient())).toEqual({
      ok: true,
      hadIt: false,
    });
    expect(await listConnections(other.id)).toHaveLength(1);
  });
});

describe("reAuthenticateByProvider", () => {
  const askedAt = new Date();
  const fresh = { askedAt, isTimed: true };

  async function withoutPassword() {
    const person = await newPerson();
    const identity = await connectionOf(person);
    const login = await enterBy(identity);
    if (!login.ok) return expect.fail("not logged in");
    await dropPassword(person);
    const { token } = login.session;
    const session = (await findSession(token)) ?? expect.fail("no session");
    return { person, identity, token, session };
  }

  it("proves again who is logged in without a password, by a login as fresh as the question", async () => {
    const { person, identity, token, session } = await withoutPassword();
    const again = (more: Partial<ProviderIdentity>, asked = fresh) =>
      reAuthenticateByProvider(session, token, { ...identity, ...more }, asked, newClient());
    const stale = new Date(askedAt.getTime() - 2 * MINUTE_MS);
    expect(await again({ authenticatedAt: stale })).toMatchObject({ reason: "not-fresh" });
    expect(await again({ authenticatedAt: null })).toMatchObject({ reason: "not-fresh" });
    const other = await connectionOf(await newPerson());
    expect(await again({ subject: other.subject })).toEqual({ ok: false, reason: "refused" });
    expect(await findSession(token)).not.toBeNull();
    const outcome = await again({ authenticatedAt: null }, { askedAt, isTimed: false });
    expect(outcome).toMatchObject({ ok: true });
    expect(await findSession(token)).toBeNull();
    expect((await eventsOf(person)).at(-1)).toBe("re-authenticated");
  });

  itOnce("takes no provider at its word beside a passkey", async () => {
    const { person, identity, token, session } = await withoutPassword();
    await passkeyOf(person);
    const asked = { askedAt, isTimed: false };
    expect(await reAuthenticateByProvider(session, token, identity, asked, newClient())).toEqual({
      ok: false,
      reason: "passkey-needed",
    });
    expect(await findSession(token)).not.toBeNull();
    expect(await ownProviders(person.id, timedProviders())).toHaveLength(1);
  });

  itOnce(
    "waits for the second factor of an account that has one, and is no proof beside a password",
    async () => {
      const { person, identity, token, session } = await withoutPassword();
      const app = await giveApp(person);
      const stale = { ...identity, authenticatedAt: null };
      const asked = { askedAt, isTimed: false };
      const pending = await pendingOf(
        await reAuthenticateByProvider(session, token, stale, asked, newClient()),
      );
      const before = await db.session.findUniqueOrThrow({ where: { id: session.id } });
      const client = newClient();
      const here = { previousSessionToken: token, trustsBrowser: true };
      const proven = await finishLogin(pending, { code: await app.freshCode() }, here, client);
      expect(await isProof(proven)).toBe(true);
      if (!proven.ok) return expect.fail(proven.reason);
      const { id: userId } = person;
      const after = await db.session.findFirstOrThrow({ where: { userId } });
      expect(after.createdAt, "no new login").toEqual(before.createdAt);
      expect((await eventsOf(person)).at(-1)).toBe("re-authenticated");
      expect(await db.knownBrowser.count({ where: { userId, trustedUntil: { not: null } } })).toBe(0);

      const other = await newPerson();
      const login = await enter(other);
      if (!login.ok) return expect.fail("not logged in");
      const theirs = (await findSession(login.session.token)) ?? expect.fail("no session");
      const proof = await connectionOf(other);
      expect(
        await reAuthenticateByProvider(theirs, login.session.token, proof, fresh, newClient()),
      ).toMatchObject({ reason: "password-needed" });
    },
  );

  it.runIf(runsOn() === "postgres")(
    "opens no session behind a log-out that comes at the same moment",
    async () => {
      const { person, identity, token, session } = await withoutPassword();
      Object.assign(env(), { requireTwoFactor: true });
      const begun = await enterBy(identity);
      Object.assign(env(), { requireTwoFactor: false });
      const pendingToken = !begun.ok && begun.reason === "second-factor" ? begun.pending.token : "";
      const client = { ...newClient(), pendingToken };
      const logOut = async (tx: Tx) => {
        await revokeSession(token, tx);
        const proving = reAuthenticateByProvider(session, token, identity, fresh, client);
        const waiting =
          "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%Session%'";
        await expect.poll(() => db.$queryRawUnsafe(waiting)).toHaveLength(1);
        return { proving };
      };
      const { proving } = await db.$transaction(logOut);
      expect(await proving).toEqual({ ok: false, reason: "refused" });
      expect(await findPendingLogin(pendingToken), "nothing of it stays").not.toBeNull();
      expect(await db.session.count({ where: { userId: person.id } })).toBe(0);
    },
  );

  it("ends with the session that has asked for it: ended by hand, by a log-out, or gone by the time of the code", async () => {
    const { person, identity } = await withoutPassword();
    const { id: userId } = person;
    const app = await giveApp(person, new Date(Date.now() - HOUR_MS));
    const asking = async () => {
      const { token } = await openSession(userId, false, newClient());
      const session = (await findSession(token)) ?? expect.fail("no session");
      const begin = () => reAuthenticateByProvider(session, token, identity, fresh, newClient());
      return { token, session, begin, finish: { previousSessionToken: token, trustsBrowser: true } };
    };
    const owner = (await asking()).session;
    const login = await pendingOf(await enterBy(identity));
    const endings = [
      ({ session }: Awaited<ReturnType<typeof asking>>) => endSession(owner, session.id, newClient()),
      () => endOtherSessions(owner, newClient()),
      ({ token }: Awaited<ReturnType<typeof asking>>) => logOut(token, newClient()),
    ];
    for (const end of endings) {
      const lost = await asking();
      const waits = await lost.begin();
      await pendingOf(waits);
      await end(lost);
      await expect(pendingOf(waits)).rejects.toThrow("it does not wait");
    }

    const [gone, other] = [await asking(), await asking()];
    const waiting = async () => pendingOf(await gone.begin());
    const code = await app.freshCode(); // one for all of them: a refused one is not used up
    for (const previousSessionToken of [other.token, null]) {
      expect(
        await finishLogin(await waiting(), { code }, { ...gone.finish, previousSessionToken }, newClient()),
        "in a browser that has another session, or none",
      ).toEqual({ ok: false, reason: "refused" });
      const shown = await waiting();
      const options = { ...gone.finish, previousSessionToken };
      expect(await finishLoginByPasskey(shown, "an answer", options, newClient())).toMatchObject({
        ok: false,
      });
      const where = { id: shown.id };
      expect(await db.pendingLogin.count({ where }), "nor is a passkey asked for again and again").toBe(0);
    }
    const late = await waiting();
    await db.session.delete({ where: { id: gone.session.id } });
    expect(await finishLogin(late, { code }, gone.finish, newClient())).toMatchObject({ reason: "refused" });
    expect(await gone.begin(), "nor begins once it is over").toMatchObject({ reason: "refused" });
    const rows = await db.pendingLogin.findMany({ where: { userId }, select: { id: true } });
    expect(rows, "a login that waits is no session's").toEqual([{ id: login.id }]);
    expect(await db.session.count({ where: { userId } }), "the owner's and the other").toBe(2);
    expect(await db.knownBrowser.count({ where: { userId, trustedUntil: { not: null } } })).toBe(0);
  });
});

describe("an address that a provider has not shown to be its person's", () => {
  const linkFor = ({ id: userId, emailCanonical }: { id: string; emailCanonical: string }) =>
    db.$transaction((tx) => makeLinkToken("verify-email", { userId, emailCanonical }, tx));

  it("is confirmed by its link in the browser that the provider has shown the account in, which logs in", async () => {
    const person = await newPerson({ isVerified: false });
    const { provider, issuer, subject } = await connectionOf(person);
    await dropPassword(person);
    const { token } = await linkFor(person);
    const asker = { userId: null, sessionToken: null, password: null };
    const connection = { provider, issuer, subject };
    const others = { ...asker, vouched: { id: (await newPerson()).id, connection } };
    expect(await verifyEmail(token, asker, newClient())).toMatchObject({ reason: "password-needed" });
    expect(await verifyEmail(token, others, newClient())).toMatchObject({ reason: "password-needed" });
    const forged = {
      ...asker,
      vouched: { id: person.id, connection: { ...connection, subject: "another" } },
    };
    expect(await verifyEmail(token, forged, newClient())).toMatchObject({ reason: "refused" });
    const asked = { ...asker, vouched: { id: person.id, connection } };
    expect(await verifyEmail(token, asked, newClient())).toMatchObject({ ok: true, login: { ok: true } });
    expect((await rowOf(person.email)).emailVerified).not.toBeNull();
  });

  itOnce(
    "is confirmed by its code in that browser, and by another address where it was mistyped",
    async () => {
      const person = await newPerson({ isVerified: false });
      const connection = await connectionOf(person);
      await dropPassword(person);
      const vouched = (await findVouched({ id: person.id, connection })) ?? expect.fail("not vouched for");
      expect(vouched).toMatchObject({ id: person.id, email: person.email });
      const other = await newPerson();
      const client = newClient();
      expect(await correctEmailOfVouched(vouched, { email: other.email }, client)).toMatchObject({
        reason: "taken",
      });
      const email = newEmail();
      expect(await correctEmailOfVouched(vouched, { email }, client)).toEqual({ ok: true });
      const code = /\b\d{6}\b/.exec((await emailTo(email, "verify-email", mailbox)).text)?.[0] ?? "";
      const asker = { userId: null, sessionToken: null, password: null };
      const byCode = (asked: Asker) => verifyEmailByCode({ email, code }, asked, newClient());
      expect(await byCode(asker)).toMatchObject({ reason: "password-needed" });
      const stranger = { id: other.id, connection: await connectionOf(other) };
      expect(await byCode({ ...asker, vouched: stranger })).toMatchObject({ reason: "password-needed" });
      expect(await byCode({ ...asker, vouched })).toMatchObject({ ok: true, login: { ok: true } });
      expect(
        await correctEmailOfVouched(vouched, { email: newEmail() }, client),
        "it is confirmed",
      ).toMatchObject({
        reason: "refused",
      });
      expect(await findVouched(vouched)).toBeNull();
    },
  );

  itOnce(
    "stays where it is once somebody has been in the account, also for a person for whom the provider vouches",
    async () => {
      const person = await newPerson({ isVerified: false });
      const vouched = await findVouched({ id: person.id, connection: await connectionOf(person) });
      if (!vouched) return expect.fail("not vouched for");
      await db.user.update({ where: { id: person.id }, data: { firstLoginAt: new Date() } });
      const email = newEmail();
      expect(await correctEmailOfVouched(vouched, { email }, newClient())).toEqual({
        ok: false,
        reason: "refused",
      });
      expect((await rowOf(person.email)).id).toBe(person.id);
      await db.user.update({ where: { id: person.id }, data: { firstLoginAt: null } });
      expect(await correctEmailOfVouched(vouched, { email }, newClient())).toEqual({ ok: true });
    },
  );

  itOnce(
    "is shown, behind its link, by whom it is connected with, and by nobody else who has an account here",
    async () => {
      const person = await newPerson({ isVerified: false });
      const identity = await connectionOf(person);
      const other = await connectionOf(await newPerson());
      const show = (by: ProviderIdentity, ownerId?: string) => vouchFor(by, ownerId, newClient());
      expect(await show(other, person.id)).toEqual({ ok: false, reason: "other-person" });
      expect(await show(identity), "without a link").toEqual({ ok: false, reason: "other-person" });
      expect(await show(acmeIdentity(), person.id)).toEqual({ ok: false, reason: "unknown" });
      expect(await show(identity, person.id)).toMatchObject({ ok: true, user: { id: person.id } });
    },
  );

  itOnce(
    "is nobody's to correct once the account is disconnected, or its provider is out of the settings",
    async () => {
      const person = await newPerson({ isVerified: false });
      const connection = await connectionOf(person);
      const vouched = (await findVouched({ id: person.id, connection })) ?? expect.fail("not vouched for");
      const { id } = await newPerson({ isVerified: false });
      expect(await findVouched({ id, connection }), "another account").toBeNull();
      const ask = () => correctEmailOfVouched(vouched, { email: newEmail() }, newClient());
      const { providers } = env();
      Object.assign(env(), { providers: [] });
      expect(await findVouched(vouched)).toBeNull();
      expect(await ask()).toMatchObject({ reason: "refused" });
      Object.assign(env(), { providers });
      await db.account.deleteMany({ where: { userId: person.id } });
      expect(await findVouched(vouched)).toBeNull();
      expect(await ask()).toMatchObject({ reason: "refused" });
    },
  );

  itOnce("must be confirmed before the login where the site asks for that", async () => {
    const person = await newPerson({ isVerified: false });
    const identity = await connectionOf(person);
    Object.assign(env(), { requireVerifiedEmail: true });
    expect(await enterBy(identity)).toEqual({ ok: false, reason: "unverified" });
    Object.assign(env(), { requireVerifiedEmail: false });
    await emailTo(person.email, "verify-email", mailbox);
  });
});

itOnce("is told of in the copy of one's data, and ends with a lock from inside", async () => {
  const person = await newPerson();
  const { provider, subject } = await connectionOf(person);
  const copy = await exportData(person.id, null, newClient());
  expect(copy.ok && copy.data.connections).toMatchObject([{ provider, providerAccountId: subject }]);
  expect(await lockOwnAccount(await sessionOf(person), newClient())).toMatchObject({ ok: true });
  expect(await listConnections(person.id)).toEqual([]);
  expect(await eventsOf(person)).toContain("connections-ended");
  await emailTo(person.email, "connections-ended", mailbox);
});

itOnce("stays with a new password, whose email says that it still logs in", async () => {
  const person = await newPerson();
  const identity = await connectionOf(person);
  const { id: userId, emailCanonical } = person;
  await giveApp(person);
  const { token } = await db.$transaction((tx) =>
    makeLinkToken("reset-password", { userId, emailCanonical }, tx),
  );
  const outcome = await resetPassword({ token, password: NEW_PASSWORD }, newClient());
  expect(outcome).toMatchObject({ ok: true, hasConnections: true, hasPasskeys: false });
  const { text } = await emailTo(person.email, "password-changed", mailbox);
  expect(text).toContain("A new password ends no connection");
  expect(text).toContain("A new password ends no second factor");
  expect(text).not.toContain("nothing to do");
  expect(await enterBy(identity)).toMatchObject({ reason: "second-factor" });
});

itOnce(
  "logs in by itself once the operator has removed the factors, which the owner is told, until the operator ends it",
  async () => {
    const person = await newPerson();
    const identity = await connectionOf(person);
    await giveApp(person);
    expect(await enterBy(identity)).toMatchObject({ reason: "second-factor" });
    const { id: userId } = person;
    await connectionOf(person, acmeIdentity({ provider: "gone" }));
    await sessionOf(person);
    const left = { hasPassword: true, connections: ["Acme ID"], idleConnections: ["gone"] };
    expect(await resetFactorsAsOperator(person.email, newClient())).toMatchObject({ hadFactors: true, left });
    const told = await emailTo(person.email, "factors-reset", mailbox);
    expect(told.text).toContain("takes your password alone, or an account at Acme ID");
    expect(told.text).toContain("one at gone too, which may log in again");
    expect(await db.session.count({ where: { userId } }), "which no factor is asked of any more").toBe(0);
    expect(await enterBy(identity)).toMatchObject({ ok: true });

    await passkeyOf(person); // a thief's, who was quicker than the next command
    await giveApp(person);
    const moving = await db.$transaction((tx) =>
      makeLinkToken("change-email", { userId, emailCanonical: newEmail().toLowerCase() }, tx),
    );
    const end = () => disconnectAsOperator(person.email, newClient());
    const newest = expect.any(Date);
    expect(await end()).toMatchObject({
      ended: ["gone", "Acme ID"],
      hasWayIn: true,
      left: { hasPassword: true, passkeyAt: newest, appAt: newest },
      isTold: true,
    });
    const { text } = await emailTo(person.email, "account-disconnected", mailbox);
    expect(text).toContain("from gone and Acme ID,");
    expect(text).toMatch(/still has a password; a passkey, the newest added on .+; an authenticator app/);
    expect(await enterBy(identity)).toMatchObject({ reason: "unknown" });
    expect(await db.session.count({ where: { userId } }), "who came in by it").toBe(0);
    expect(await findLinkToken("change-email", moving.token), "nor does the account move").toBeNull();
    const where = { userId, event: "connections-ended" };
    const { how } = await db.auditEvent.findFirstOrThrow({ where, select: { how: true } });
    expect(describeProof(how)).toBe("by the people who run this site");
    expect(await end()).toMatchObject({ ended: [], isTold: false });
  },
);

itOnce(
  "takes back nothing that the owner has yet to hear where the operator ends factors or connections, and tells the next login at once",
  async () => {
    for (const end of [resetFactorsAsOperator, disconnectAsOperator]) {
      const person = await newPerson();
      await db.auditEvent.deleteMany({ where: { userId: person.id } });
      const identity = await connectionOf(person);
      for (const _login of ["told at once", "told in an hour"])
        expect(await enter(person)).toMatchObject({ ok: true });
      await giveApp(person);
      await pendingOf(await enterBy(identity));
      expect(await end(person.email, newClient())).toMatchObject({ isTold: true });
      await db.authenticator.deleteMany({ where: { userId: person.id } });
      expect(await enter(person)).toMatchObject({ ok: true });
      await db.outboxEmail.updateMany({ data: { dueAt: new Date(0) } });
      await deliverDue();
      for (const [kind, count] of [
        ["later-logins", 1],
        ["half-done-by-provider", 1],
        ["new-login", 2],
      ] as const)
        expect(mailbox.to(person.email, kind), `${kind} after ${end.name}`).toHaveLength(count);
    }
  },
);

itOnce(
  "leaves for no mailbox that the owner has given up meanwhile, what the operator has not taken back",
  async () => {
    for (const end of [resetFactorsAsOperator, disconnectAsOperator]) {
      const person = await newPerson();
      await db.auditEvent.deleteMany({ where: { userId: person.id } });
      const identity = await connectionOf(person);
      for (const _login of ["told at once", "told in an hour"]) await enter(person);
      await giveApp(person);
      await pendingOf(await enterBy(identity));
      await end(person.email, newClient());
      if (end === resetFactorsAsOperator) await giveApp(person);
      await pendingOf(await enter(person));
      await purgePendingLogins();
      const email = newEmail();
      await db.$transaction((tx) => setEmail(person.id, email, new Date(), tx));
      await db.outboxEmail.updateMany({ data: { dueAt: new Date(0) } });
      await deliverDue();
      for (const kind of ["later-logins", "half-done-by-provider", "half-done"] as const)
        expect(mailbox.to(person.email, kind), `${kind} after ${end.name}`).toHaveLength(0);
      for (const kind of ["later-logins", "half-done-by-provider", "half-done"] as const)
        expect(mailbox.to(email, kind), `${kind} to the new address after ${end.name}`).toHaveLength(1);
    }
  },
);

itOnce(
  "names no password to the owner of an account without one, whose factors or connections the operator ends",
  async () => {
    const person = await newPerson();
    await dropPassword(person);
    await connectionOf(person);
    await giveApp(person);
    await resetFactorsAsOperator(person.email, newClient());
    const { text } = await emailTo(person.email, "factors-reset", mailbox);
    expect(text).toContain("A login takes an account at Acme ID");
    expect(await disconnectAsOperator(person.email, newClient())).toMatchObject({ hasWayIn: false });
    const told = await emailTo(person.email, "account-disconnected", mailbox);
    expect(told.text).toContain("choose a password");
  },
);

itOnce(
  "stays with a lock that takes no proof, where a thief has set up what the owner does not have",
  async () => {
    const person = await newPerson();
    const identity = await connectionOf(person);
    const session = await sessionOf(person);
    await giveApp(person);
    expect(await findLockEffects(person.id)).toMatchObject({ hasConnections: true, canLockAlone: true });
    expect(await lockOwnAccount(session, newClient())).toEqual({ ok: false, reason: "proof-needed" });
    expect(await lockOwnAccount(session, newClient(), "lock")).toEqual({ ok: true, isAddressBack: false });
    expect(await listConnections(person.id)).toHaveLength(1);
    expect(await enterBy(identity)).toMatchObject({ reason: "locked", by: "owner" });
  },
);

itOnce(
  "ends with a lock from inside that takes an address back, also where it is older than the move",
  async () => {
    const person = await newPerson();
    const { id: userId, emailCanonical: email } = person;
    const thiefs = await connectionOf(person);
    await db.account.updateMany({ where: { userId }, data: { createdAt: new Date(Date.now() - HOUR_MS) } });
    await db.$transaction((tx) =>
      makeLinkToken("restore-email", { userId, emailCanonical: email, address: email }, tx),
    );
    const moved = newEmail();
    const data = { email: moved, emailCanonical: moved.toLowerCase() };
    await db.user.update({ where: { id: userId }, data, select: { id: true } });
    const session = await sessionOf({ ...person, ...data });
    expect(await lockOwnAccount(session, newClient(), "lock"), "of a page from before the move").toEqual({
      ok: false,
      reason: "proof-needed",
    });
    expect(await listConnections(userId), "which has said that it stays").toHaveLength(1);
    expect(await lockOwnAccount(session, newClient())).toEqual({ ok: true, isAddressBack: true });
    expect(await enterBy(thiefs)).toMatchObject({ reason: "unknown" });
  },
);
