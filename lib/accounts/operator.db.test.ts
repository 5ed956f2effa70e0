import { describe, expect, it } from "vitest";
import { NO_CLIENT } from "../platform/client-info";
import { db } from "../platform/db";
import { findLinkToken, makeLinkToken } from "../security/link-tokens";
import { consumeLogin } from "../security/rate-limits/login-limits";
import { findSession } from "../security/sessions";
import { LOGIN_LIMITS } from "../shared/limits";
import { MINUTE_MS } from "../shared/units";
import { itOnce } from "../testing/it-once";
import {
  enter,
  eventsOf,
  logIn,
  NEW_PASSWORD,
  newClient,
  newEmail,
  newPerson,
  type Person,
} from "../testing/people";
import { lock } from "./locks";
import {
  eraseAsOperator,
  findAccountFacts,
  keepAsOperator,
  lockAsOperator,
  makeResetLink,
  unlockAsOperator,
} from "./operator";
import { requestPasswordReset, resetPassword } from "./reset-password";

const NO_ACCOUNT = { ok: false, reason: "no-account" };

const lockOfRow = ({ id }: Person) =>
  db.user.findUniqueOrThrow({ where: { id }, select: { lockedByOwnerAt: true, lockedByOperatorAt: true } });

const lockAsOwner = ({ id }: Person) => db.$transaction((tx) => lock(id, "owner", tx));

async function failUntilThrottled({ emailCanonical }: Person): Promise<ReturnType<typeof newClient>> {
  const client = newClient();
  for (let failure = 1; failure <= LOGIN_LIMITS.failuresBeforeWait; failure++)
    await consumeLogin(emailCanonical, null, client);
  expect((await consumeLogin(emailCanonical, null, client)).ok).toBe(false);
  return client;
}

describe("lockAsOperator", () => {
  it("ends sessions, known browsers and pending changes of address, and lets no login in", async () => {
    const person = await newPerson();
    const login = await enter(person);
    const change = { userId: person.id, emailCanonical: newEmail().toLowerCase(), address: newEmail() };
    const { token } = await db.$transaction((tx) => makeLinkToken("change-email", change, tx));
    expect(await lockAsOperator(person.email.toUpperCase(), NO_CLIENT)).toEqual({
      ok: true,
      email: person.email,
      wasLeaving: false,
    });
    expect(await findSession(login.ok ? login.session.token : "")).toBeNull();
    expect(await db.session.count({ where: { userId: person.id } })).toBe(0);
    expect(await db.knownBrowser.count({ where: { userId: person.id } })).toBe(0);
    expect(await findLinkToken("change-email", token)).toBeNull();
    expect(await logIn(person.email)).toEqual({ ok: false, reason: "locked", by: "operator" });
    expect(await eventsOf(person)).toEqual(["login", "locked", "login-locked"]);
  });

  itOnce("stands beside an owner's lock, and both keep their moments", async () => {
    const person = await newPerson();
    await lockAsOwner(person);
    await lockAsOperator(person.email, NO_CLIENT);
    const first = await lockOfRow(person);
    expect(first).toEqual({ lockedByOwnerAt: expect.any(Date), lockedByOperatorAt: expect.any(Date) });
    await lockAsOperator(person.email, NO_CLIENT);
    await lockAsOwner(person);
    expect(await lockOfRow(person)).toEqual(first);
  });

  itOnce("refuses an address without an account", async () => {
    expect(await lockAsOperator(newEmail(), NO_CLIENT)).toEqual(NO_ACCOUNT);
  });
});

const ENDED_NOTHING = { endedLock: false, forgotFailures: false, isLockedByOwner: false };

describe("unlockAsOperator", () => {
  it("ends an operator's lock, with the password as it was", async () => {
    const person = await newPerson();
    await lockAsOperator(person.email, NO_CLIENT);
    const outcome = await unlockAsOperator(person.email.toUpperCase(), NO_CLIENT);
    expect(outcome).toEqual({ ok: true, email: person.email, ...ENDED_NOTHING, endedLock: true });
    expect(await lockOfRow(person)).toEqual({ lockedByOwnerAt: null, lockedByOperatorAt: null });
    expect(await logIn(person.email)).toMatchObject({ ok: true });
    expect(await eventsOf(person)).toEqual(["locked", "unlocked", "login"]);
  });

  itOnce.each(["before", "after"])("leaves the lock that the owner set %s it, and says so", async (when) => {
    const person = await newPerson();
    if (when === "before") await lockAsOwner(person);
    await lockAsOperator(person.email, NO_CLIENT);
    if (when === "after") await lockAsOwner(person);
    expect(await logIn(person.email)).toMatchObject({ reason: "locked", by: "operator" });
    expect(await unlockAsOperator(person.email, NO_CLIENT)).toMatchObject({
      ok: true,
      endedLock: true,
      isLockedByOwner: true,
    });
    expect(await logIn(person.email)).toMatchObject({ reason: "locked", by: "owner" });

    const made = await makeResetLink(person.email, NO_CLIENT);
    const token = made.ok ? made.link.token : "";
    expect(await resetPassword({ token, password: NEW_PASSWORD }, newClient())).toMatchObject({ ok: true });
    expect(await logIn(person.email, NEW_PASSWORD)).toMatchObject({ ok: true });
  });

  itOnce("forgets failed logins", async () => {
    const person = await newPerson();
    const client = await failUntilThrottled(person);
    const outcome = await unlockAsOperator(person.email, NO_CLIENT);
    expect(outcome).toEqual({ ok: true, email: person.email, ...ENDED_NOTHING, forgotFailures: true });
    expect((await consumeLogin(person.emailCanonical, null, client)).ok).toBe(true);
  });

  itOnce("leaves an owner's lock, and changes nothing", async () => {
    const person = await newPerson();
    const client = await failUntilThrottled(person);
    await lockAsOwner(person);
    const before = await lockOfRow(person);
    const outcome = await unlockAsOperator(person.email, NO_CLIENT);
    expect(outcome).toEqual({ ok: false, reason: "locked-by-owner", email: person.email });
    expect(await lockOfRow(person)).toEqual(before);
    expect((await consumeLogin(person.emailCanonical, null, client)).ok).toBe(false);
    expect(await eventsOf(person)).toEqual([]);
  });

  itOnce("says when there was nothing to end, and records nothing", async () => {
    const person = await newPerson();
    const outcome = await unlockAsOperator(person.email, NO_CLIENT);
    expect(outcome).toEqual({ ok: true, email: person.email, ...ENDED_NOTHING });
    expect(await eventsOf(person)).toEqual([]);
  });

  itOnce("refuses an address without an account", async () => {
    expect(await unlockAsOperator(newEmail(), NO_CLIENT)).toEqual(NO_ACCOUNT);
  });
});

describe("makeResetLink", () => {
  it("makes a link that sets a password and ends an owner's lock", async () => {
    const person = await newPerson({ isVerified: false });
    await lockAsOwner(person);
    const outcome = await makeResetLink(person.email.toUpperCase(), NO_CLIENT);
    if (!outcome.ok) return expect.fail("no link");
    const { token } = outcome.link;
    expect(await findLinkToken("reset-password", token)).toMatchObject({ id: person.id, isMailed: false });
    expect(await resetPassword({ token, password: NEW_PASSWORD }, newClient())).toMatchObject({ ok: true });
    expect(await logIn(person.email, NEW_PASSWORD)).toMatchObject({ ok: true });
    expect(await eventsOf(person)).toEqual(["reset-link-made", "password-reset", "login"]);
  });

  itOnce("makes one that sets a password and does not end an operator's lock", async () => {
    const person = await newPerson();
    await lockAsOperator(person.email, NO_CLIENT);
    const outcome = await makeResetLink(person.email, NO_CLIENT);
    const token = outcome.ok ? outcome.link.token : "";
    expect(await resetPassword({ token, password: NEW_PASSWORD }, newClient())).toMatchObject({ ok: true });
    expect(await logIn(person.email, NEW_PASSWORD)).toMatchObject({ reason: "locked", by: "operator" });
    await unlockAsOperator(person.email, NO_CLIENT);
    expect(await logIn(person.email, NEW_PASSWORD)).toMatchObject({ ok: true });
  });

  itOnce("refuses an address without an account", async () => {
    expect(await makeResetLink(newEmail(), NO_CLIENT)).toEqual(NO_ACCOUNT);
  });

  itOnce("makes one that no link asked for at the form ends, however late", async () => {
    const person = await newPerson();
    const made = await makeResetLink(person.email, NO_CLIENT);
    const token = made.ok ? made.link.token : "";
    const longAgo = new Date(Date.now() - 10 * MINUTE_MS);
    await db.linkToken.updateMany({ where: { userId: person.id }, data: { createdAt: longAgo } });
    await requestPasswordReset({ email: person.email }, newClient());
    expect(await findLinkToken("reset-password", token)).toMatchObject({ id: person.id });
    await makeResetLink(person.email, NO_CLIENT);
    expect(await findLinkToken("reset-password", token), "a newer one of the operator's does").toBeNull();
  });
});

describe("keepAsOperator", () => {
  it("keeps an account that was to be deleted, and ends what waits for an answer", async () => {
    const person = await newPerson();
    const deleteAt = new Date();
    await db.user.update({ where: { id: person.id }, data: { deleteAt } });
    expect(await findAccountFacts(person.email.toUpperCase())).toMatchObject({
      username: person.username,
      lockedBy: [],
      deleteAt,
    });
    const outcome = await enter(person);
    const kept = { ok: true, email: person.email, wasLeaving: true };
    expect(await keepAsOperator(person.email, NO_CLIENT)).toEqual(kept);
    expect(await findAccountFacts(person.email)).toMatchObject({ deleteAt: null });
    expect(await findSession(outcome.ok ? outcome.session.token : "")).toBeNull();
    expect((await eventsOf(person)).at(-1)).toBe("deletion-cancelled");
  });

  itOnce("leaves any other account and its sessions as they are", async () => {
    const person = await newPerson();
    const outcome = await enter(person);
    expect(await keepAsOperator(person.email, NO_CLIENT)).toMatchObject({ ok: true, wasLeaving: false });
    expect(await findSession(outcome.ok ? outcome.session.token : "")).not.toBeNull();
    expect(await eventsOf(person)).toEqual(["login"]);
  });
});

describe("eraseAsOperator", () => {
  it("erases the account with that address and that username, and no other", async () => {
    const [person, other] = [await newPerson(), await newPerson()];
    const refused = { ok: false, reason: "other-username" };
    expect(await eraseAsOperator(person.email, other.username)).toEqual(refused);
    const erased = { ok: true, email: person.email };
    expect(await eraseAsOperator(person.email.toUpperCase(), person.username.toUpperCase())).toEqual(erased);
    expect(await findAccountFacts(person.email)).toBeNull();
    expect(await findAccountFacts(other.email)).not.toBeNull();
  });

  itOnce("refuses an address without an account, as the others do", async () => {
    const email = newEmail();
    expect(await eraseAsOperator(email, "ada")).toEqual(NO_ACCOUNT);
    expect(await keepAsOperator(email, NO_CLIENT)).toEqual(NO_ACCOUNT);
    expect(await findAccountFacts(email)).toBeNull();
  });
});
