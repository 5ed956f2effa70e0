import { afterEach, describe, expect, it, vi } from "vitest";

await vi.hoisted(async () => {
  const { startMailbox } = await import("../../testing/mailbox");
  const { PROVIDERS } = await import("../../testing/provider-settings");
  return startMailbox(PROVIDERS);
});

import { db } from "../../platform/db";
import { newCode } from "../../security/codes";
import { makeLinkToken } from "../../security/link-tokens";
import { findSession } from "../../security/sessions";
import { findPendingLogin } from "../../security/two-factor/pending-logins";
import { HOUR_MS } from "../../shared/units";
import { connectionOf, corpIdentity, dropPassword } from "../../testing/connections";
import { itOnce } from "../../testing/it-once";
import { passkeyOf } from "../../testing/passkeys";
import {
  enter,
  eventsOf,
  logIn,
  NEW_PASSWORD,
  newClient,
  newEmail,
  newPerson,
  PASSWORD,
  type Person,
  proven,
  visitorWith,
} from "../../testing/people";
import { type App, giveApp } from "../../testing/second-factors";
import { changeEmail, restoreEmail } from "../change-email";
import { lockAccount } from "../lock-account";
import { lock } from "../locks";
import { makeResetLink } from "../operator";
import { resetPassword } from "../reset-password";
import { verifyEmail, verifyEmailByCode } from "../verify-email";
import { admit, type LoginOutcome } from "./admit";
import { finishLogin } from "./finish-login";
import { logInWithPasskey } from "./log-in-with-passkey";
import { logInWithProvider } from "./log-in-with-provider";

/** What came of a login; null: there was none. */
type Login = LoginOutcome | null;

const client = newClient();

const linkFor = (person: Person, purpose: Parameters<typeof makeLinkToken>[0], more = {}, code?: string) =>
  db.$transaction((tx) =>
    makeLinkToken(purpose, { userId: person.id, emailCanonical: person.emailCanonical, ...more }, tx, code),
  );

/** A browser that has logged in to the account before and is asked for the code all the same. */
async function knownBrowser(person: Person, app: App): Promise<ReturnType<typeof newClient>> {
  const outcome = await finish(person, await enter(person), app, {});
  return newClient(outcome.ok ? outcome.browserToken : expect.fail("not logged in"));
}

/** Shows the second factor of a login that waits. */
async function finish(
  person: Person,
  login: Login,
  app: App,
  { trustsBrowser = false, client = newClient() },
) {
  if (login?.ok !== false || login.reason !== "second-factor") return expect.fail("it does not wait");
  const pending = (await findPendingLogin(login.pending.token)) ?? expect.fail("nothing waits");
  expect(pending.user.id).toBe(person.id);
  const options = { previousSessionToken: null, trustsBrowser };
  return finishLogin(pending, { code: await app.freshCode() }, options, client);
}

async function enterBy(identity: Parameters<typeof logInWithProvider>[0]): Promise<Login> {
  const options = { isRemembered: false, previousSessionToken: null };
  const { outcome } = await logInWithProvider(identity, options, newClient());
  return !outcome.ok && outcome.reason === "unknown" ? null : outcome;
}

/**
 * Every way to come to a login, each to the point where an account without a second factor is logged in. A new way in gets a
 * row.
 */
const PATHS: Record<string, (person: Person, app: App) => Promise<Login>> = {
  password: (person) => logIn(person.email),
  "password in a known browser": async (person, app) => enter(person, await knownBrowser(person, app)),
  "password, of an account that is to be deleted": async (person) => {
    const deleteAt = new Date(Date.now() + HOUR_MS);
    await db.user.update({ where: { id: person.id }, data: { deleteAt } });
    return enter(person);
  },
  provider: async (person) => enterBy(await connectionOf(person)),
  "provider whose word on the address counts": async (person) =>
    enterBy(await connectionOf(person, corpIdentity(person.email))),
  "emailed link that confirms the address, where a provider has shown the account": async (person) => {
    const { provider, issuer, subject } = await connectionOf(person);
    await dropPassword(person);
    await db.user.update({ where: { id: person.id }, data: { emailVerified: null } });
    const { token } = await linkFor(person, "verify-email");
    const vouched = { id: person.id, connection: { provider, issuer, subject } };
    const outcome = await verifyEmail(token, { ...visitorWith(null), vouched }, client);
    return outcome.ok ? outcome.login : expect.fail(outcome.reason);
  },
  "emailed link that confirms the address, with the password": async (person) => {
    await db.user.update({ where: { id: person.id }, data: { emailVerified: null } });
    const { token } = await linkFor(person, "verify-email");
    const outcome = await verifyEmail(token, visitorWith(PASSWORD), client);
    return outcome.ok ? outcome.login : expect.fail(outcome.reason);
  },
  "emailed code that confirms the address, with the password": async (person) => {
    await db.user.update({ where: { id: person.id }, data: { emailVerified: null } });
    const code = newCode();
    await linkFor(person, "verify-email", {}, code);
    const outcome = await verifyEmailByCode({ email: person.email, code }, visitorWith(PASSWORD), client);
    return outcome.ok ? outcome.login : expect.fail(outcome.reason);
  },
  "the form for that code, of an address that is confirmed": async (person) => {
    const input = { email: person.email, code: "000000" };
    const outcome = await verifyEmailByCode(input, visitorWith(PASSWORD), client);
    return outcome.ok ? outcome.login : expect.fail(outcome.reason);
  },
  "emailed link that changes the address, with the password": async (person) => {
    const address = newEmail();
    const { token } = await linkFor(person, "change-email", {
      emailCanonical: address.toLowerCase(),
      address,
    });
    const outcome = await changeEmail(token, visitorWith(PASSWORD), client);
    return outcome.ok ? outcome.login : expect.fail(outcome.reason);
  },
  "emailed link for a new password": async (person) => {
    const { token } = await linkFor(person, "reset-password");
    expect(await resetPassword({ token, password: NEW_PASSWORD }, client)).toMatchObject({
      ok: true,
      hasSecondFactor: true,
    });
    return enter(person);
  },
  "address taken back, and then a new password": async (person) => {
    const { email } = person;
    const back = await linkFor(person, "restore-email", { address: email });
    await db.user.update({
      where: { id: person.id },
      data: { email: "thief@example.com", emailCanonical: `${person.id}@thief.example` },
    });
    expect(await restoreEmail(back.token, client)).toEqual({ ok: true });
    const { token } = await linkFor(person, "reset-password");
    expect(await resetPassword({ token, password: NEW_PASSWORD }, client)).toMatchObject({ ok: true });
    return enter(person);
  },
  "account locked by an alert, and then a new password": async (person) => {
    const alert = await linkFor(person, "lock-account");
    expect(await lockAccount(alert.token, client)).toMatchObject({ ok: true });
    const { token } = await linkFor(person, "reset-password");
    expect(await resetPassword({ token, password: NEW_PASSWORD }, client)).toMatchObject({ ok: true });
    return enter(person);
  },
  "operator's link for a new password": async (person) => {
    const made = await makeResetLink(person.email, client);
    if (!made.ok) return expect.fail(made.reason);
    const password = NEW_PASSWORD;
    expect(await resetPassword({ token: made.link.token, password }, client)).toMatchObject({ ok: true });
    return enter(person);
  },
};

const paths = Object.entries(PATHS);

async function someoneWithApp(): Promise<{ person: Person; app: App }> {
  const person = await newPerson();
  return { person, app: await giveApp(person, new Date(Date.now() - HOUR_MS)) };
}

const sessionsOf = ({ id }: Person) => db.session.count({ where: { userId: id } });

afterEach(async () => {
  await db.rateLimit.deleteMany();
  await db.loginBackoff.deleteMany();
});

describe.each(paths)("a login by %s", (_name, path) => {
  itOnce("opens nothing before the second factor, and opens with it", async () => {
    const { person, app } = await someoneWithApp();
    const login = await path(person, app);
    expect(login).toMatchObject({ ok: false, reason: "second-factor" });
    if (_name !== "password in a known browser") expect(await sessionsOf(person)).toBe(0);

    const email = (await db.user.findUniqueOrThrow({ where: { id: person.id } })).email;
    const outcome = await finish({ ...person, email }, login, app, {});
    expect(outcome).toMatchObject({ ok: true });
    expect((await eventsOf(person)).at(-1)).toBe("login");
    expect(await db.pendingLogin.count({ where: { userId: person.id } })).toBe(0);
  });
});

describe("a login by a passkey", () => {
  const byPasskey = async (person: Person) => {
    const { answer, page } = await passkeyOf(person);
    const options = { isRemembered: false, previousSessionToken: null };
    return async () => logInWithPasskey({ json: await answer(), page }, options, client);
  };

  it("needs no second factor, because it is both, and is refused where any other login is", async () => {
    const { person } = await someoneWithApp();
    const logIn = await byPasskey(person);
    expect(await logIn()).toMatchObject({ ok: true });
    expect(await sessionsOf(person)).toBe(1);
    await db.user.update({ where: { id: person.id }, data: { lockedByOperatorAt: new Date() } });
    expect(await logIn()).toEqual({ ok: false, reason: "locked", by: "operator" });
    await db.passkey.deleteMany({ where: { userId: person.id } });
    expect(await logIn()).toMatchObject({ ok: false, reason: "unknown-passkey" });
  });

  it("is refused by a removal, a lock or another use that comes between its proof and the gate", async () => {
    const { person } = await someoneWithApp();
    const { passkey } = await passkeyOf(person);
    const proof = { ...person, passkey: { ...passkey, counter: 7, isBackedUp: true } };
    const options = { isRemembered: false, previousSessionToken: null };
    expect(await admit(proof, "passkey", client, options)).toMatchObject({ ok: true });
    expect(await admit(proof, "passkey", client, options)).toEqual({ ok: false, reason: "refused" });
    const again = { ...proof, passkey: { ...proof.passkey, formerCounter: 7n } };
    await db.$transaction((tx) => lock(person.id, "owner", tx));
    expect(await admit(again, "passkey", client, options)).toMatchObject({ reason: "locked" });
    await db.passkey.deleteMany({ where: { userId: person.id } });
    expect(await admit(again, "passkey", client, options)).toEqual({ ok: false, reason: "refused" });
  });
});

describe("a browser that is not asked for the second factor", () => {
  it("logs in with the password alone, and a copy of another browser's cookie does not", async () => {
    const { person, app } = await someoneWithApp();
    const outcome = await finish(person, await enter(person), app, { trustsBrowser: true });
    if (!outcome.ok) return expect.fail("not logged in");
    const again = await enter(person, newClient(outcome.browserToken));
    expect(again).toMatchObject({ ok: true, browserToken: outcome.browserToken });
    expect(await enter(person)).toMatchObject({ reason: "second-factor" });
    const rows = await db.auditEvent.findMany({ where: { userId: person.id, event: "login" } });
    expect(rows.map(({ how }) => how).sort()).toEqual(["password+code", "password+trusted-browser"]);
    const other = await someoneWithApp();
    expect(await enter(other.person, newClient(outcome.browserToken))).toMatchObject({
      reason: "second-factor",
    });
  });

  itOnce("is asked again after 30 days, and was not asked about its wish without a code", async () => {
    const { person, app } = await someoneWithApp();
    const outcome = await finish(person, await enter(person), app, { trustsBrowser: true });
    if (!outcome.ok) return expect.fail("not logged in");
    const browser = await db.knownBrowser.findFirstOrThrow({ where: { userId: person.id } });
    const days = ((browser.trustedUntil?.getTime() ?? 0) - Date.now()) / (24 * HOUR_MS);
    expect(Math.round(days)).toBe(30);
    await db.knownBrowser.updateMany({
      where: { userId: person.id },
      data: { trustedUntil: new Date(Date.now() - 1) },
    });
    expect(await enter(person, newClient(outcome.browserToken))).toMatchObject({
      reason: "second-factor",
    });
  });

  itOnce("is asked again after a reset, a lock, an address taken back, a new password", async () => {
    for (const path of [
      "emailed link for a new password",
      "account locked by an alert, and then a new password",
      "address taken back, and then a new password",
      "operator's link for a new password",
    ]) {
      const { person, app } = await someoneWithApp();
      const outcome = await finish(person, await enter(person), app, { trustsBrowser: true });
      if (!outcome.ok) return expect.fail("not logged in");
      await PATHS[path]?.(person, app);
      const again = await enter(person, newClient(outcome.browserToken));
      expect(again, path).toMatchObject({ reason: "second-factor" });
    }
  });
});

describe("a login that waits for its second factor", () => {
  it.each(["owner", "operator"] as const)(
    "is not led past a lock of the %s that comes meanwhile",
    async (by) => {
      const { person, app } = await someoneWithApp();
      const { token, found } = await pendingOf(await enter(person));
      await db.$transaction((tx) => lock(person.id, by, tx));
      expect(await findPendingLogin(token)).toBeNull();
      const options = { previousSessionToken: null, trustsBrowser: true };
      const input = { code: await app.freshCode() };
      expect(found && (await finishLogin(found, input, options, client))).toEqual({
        ok: false,
        reason: "refused",
      });
      expect(await sessionsOf(person)).toBe(0);
      expect(await db.knownBrowser.count({ where: { userId: person.id } })).toBe(0);
    },
  );

  it("asks at its end again whether the account is locked, whatever has ended the waiting", async () => {
    const { person, app } = await someoneWithApp();
    const { found } = await pendingOf(await enter(person));
    await db.user.update({ where: { id: person.id }, data: { lockedByOperatorAt: new Date() } });
    const options = { previousSessionToken: null, trustsBrowser: false };
    const input = { code: await app.freshCode() };
    expect(found && (await finishLogin(found, input, options, client))).toMatchObject({ reason: "locked" });
  });

  const pendingOf = async (login: Login) => {
    if (login?.ok !== false || login.reason !== "second-factor") return expect.fail("it does not wait");
    return { ...login.pending, found: await findPendingLogin(login.pending.token) };
  };

  it("is one of however many that finish it at once", async () => {
    const { person, app } = await someoneWithApp();
    const { found } = await pendingOf(await enter(person));
    if (!found) return expect.fail("nothing waits");
    const options = { previousSessionToken: null, trustsBrowser: false };
    const outcomes = await Promise.all(
      app.recoveryCodes
        .slice(0, 4)
        .map((recoveryCode) => finishLogin(found, { recoveryCode }, options, client)),
    );
    expect(outcomes.filter(({ ok }) => ok)).toHaveLength(1);
    expect(await sessionsOf(person)).toBe(1);
  });

  itOnce("waits ten minutes, and remembers the wish to be remembered", async () => {
    const { person, app } = await someoneWithApp();
    const options = { isRemembered: true, previousSessionToken: null };
    const login = await admit(await proven(person), "password", newClient(), options);
    const outcome = await finish(person, login, app, {});
    if (!outcome.ok) return expect.fail("not logged in");
    expect(outcome.session.isRemembered).toBe(true);
    expect(await findSession(outcome.session.token)).toMatchObject({ secondFactorAt: expect.any(Date) });

    const { token, expiresAt } = await pendingOf(await enter(person));
    expect(Math.round((expiresAt.getTime() - Date.now()) / 60_000)).toBe(10);
    await db.pendingLogin.updateMany({ data: { expiresAt: new Date(Date.now() - 1) } });
    expect(await findPendingLogin(token)).toBeNull();
  });

  itOnce("needs its own token: no session's, and none of another shape", async () => {
    const { person } = await someoneWithApp();
    await enter(person);
    const { token } = (await enter(await newPerson())) as { token?: string };
    for (const other of [token ?? "", "", "x".repeat(43)]) expect(await findPendingLogin(other)).toBeNull();
    const row = await db.pendingLogin.findFirstOrThrow({ where: { userId: person.id } });
    expect(await findPendingLogin(row.tokenHash)).toBeNull();
    expect(await findPendingLogin(row.id)).toBeNull();
  });
});
