import { afterEach, describe, expect } from "vitest";
import { db } from "../../platform/db";
import { env } from "../../platform/env";
import { makeLinkToken } from "../../security/link-tokens";
import { noteSecondFactor } from "../../security/session-proof";
import { findPendingLogin } from "../../security/two-factor/pending-logins";
import { codeOf, newSecret, stepAt } from "../../security/two-factor/totp";
import { HOUR_MS } from "../../shared/units";
import { itOnce as it } from "../../testing/it-once";
import { passkeyOf } from "../../testing/passkeys";
import { enter, NEW_PASSWORD, newClient, newPerson, type Person, sessionOf } from "../../testing/people";
import { finishBySetUp } from "../login/finish-login";
import { logInWithPasskey } from "../login/log-in-with-passkey";
import { resetFactorsAsOperator } from "../operator-factors";
import { resetPassword } from "../reset-password";
import { setUpAuthenticator } from "../two-factor/authenticator";
import { addPasskey, askForPasskey, isOfferDue } from "./add-passkey";
import { acceptedPasskeys, canShowPasskey, listPasskeys, removePasskey } from "./own-passkeys";

const { publicUrl } = env();

/** What an operator does to a site that had passkeys. */
const CHANGES = {
  "another host in AUTH_URL": () => Object.assign(env(), { publicUrl: new URL("https://new.example") }),
  "PASSKEYS=false": () => Object.assign(env().features, { passkeys: false }),
} as const;

const changes = Object.entries(CHANGES);

afterEach(async () => {
  Object.assign(env(), { publicUrl, requireTwoFactor: false });
  Object.assign(env().features, { passkeys: true });
  await db.rateLimit.deleteMany();
});

const options = { previousSessionToken: null, trustsBrowser: false };

/** Types the right password, and sets up an app where that is what the login waits for. */
async function setUpWith(person: Person) {
  const login = await enter(person);
  if (login.ok || login.reason !== "second-factor") return expect.fail("it does not wait");
  const pending = (await findPendingLogin(login.pending.token)) ?? expect.fail("nothing waits");
  const secret = newSecret();
  return finishBySetUp(pending, { secret, code: codeOf(secret, stepAt(Date.now())) }, options, newClient());
}

async function provenSessionOf(person: Person) {
  const session = await sessionOf(person);
  await noteSecondFactor(session.id, db);
  return session;
}

describe.each(changes)("after %s", (_name, change) => {
  it("the password alone does not get past the passkeys where a second factor is required, until the operator says so", async () => {
    Object.assign(env(), { requireTwoFactor: true });
    const person = await newPerson();
    const { answer, page } = await passkeyOf(person);
    const json = await answer();
    change();
    expect(await setUpWith(person)).toEqual({ ok: false, reason: "session-over" });
    expect(await canShowPasskey(person.id), "nobody is asked for what does not work").toBe(false);
    const how = { isRemembered: false, previousSessionToken: null };
    expect(await logInWithPasskey({ json, page }, how, newClient())).toEqual({
      ok: false,
      reason: "refused",
    });
    await resetFactorsAsOperator(person.email, newClient());
    expect(await setUpWith(person)).toMatchObject({ ok: true, login: { ok: true } });
  });

  it("the password is enough where none is required", async () => {
    const person = await newPerson();
    await passkeyOf(person);
    change();
    expect(await enter(person)).toMatchObject({ ok: true });
  });

  it("an app takes their place for somebody who is still logged in, and they can be removed then", async () => {
    Object.assign(env(), { requireTwoFactor: true });
    const person = await newPerson();
    const { passkey } = await passkeyOf(person);
    const session = await provenSessionOf(person);
    change();
    expect(await removePasskey(session, passkey.id, newClient())).toMatchObject({ reason: "required" });
    const secret = newSecret();
    const code = codeOf(secret, stepAt(Date.now()));
    expect(await setUpAuthenticator(session, { secret, code }, newClient())).toMatchObject({ ok: true });
    expect(await removePasskey(session, passkey.id, newClient())).toEqual({ ok: true, hadIt: true });
  });
});

describe.each(changes)("a passkey that is out of use by %s", (_name, change) => {
  it("can be removed by somebody without a password: it is no way in", async () => {
    const person = await newPerson();
    const { passkey } = await passkeyOf(person);
    await db.user.update({ where: { id: person.id }, data: { passwordHash: null } });
    const session = await provenSessionOf(person);
    const remove = () => removePasskey(session, passkey.id, newClient());
    expect(await remove(), "while it works").toEqual({ ok: false, reason: "last-way-in" });
    change();
    expect(await remove()).toEqual({ ok: true, hadIt: true });
  });

  it("is told of with a new password: it may log in again", async () => {
    const person = await newPerson();
    await passkeyOf(person);
    change();
    const { id: userId, emailCanonical } = person;
    const { token } = await db.$transaction((tx) =>
      makeLinkToken("reset-password", { userId, emailCanonical }, tx),
    );
    const outcome = await resetPassword({ token, password: NEW_PASSWORD }, newClient());
    expect(outcome).toMatchObject({ hasPasskeys: true, hasSecondFactor: false });
  });
});

describe("a passkey that was made for another host", () => {
  /** One from before, and a new one. */
  async function moved() {
    const person = await newPerson();
    const former = await passkeyOf(person, new Date(Date.now() - HOUR_MS));
    CHANGES["another host in AUTH_URL"]();
    return { person, former: former.passkey, present: await passkeyOf(person) };
  }

  it("is no other way in, so the only one that works stays", async () => {
    const { person, former, present } = await moved();
    const session = await provenSessionOf(person);
    const remove = (id: string) => removePasskey(session, id, newClient());
    Object.assign(env(), { requireTwoFactor: true });
    expect(await remove(present.passkey.id)).toEqual({ ok: false, reason: "required" });
    await db.user.update({ where: { id: person.id }, data: { passwordHash: null } });
    expect(await remove(present.passkey.id)).toEqual({ ok: false, reason: "last-way-in" });
    expect(await remove(former.id)).toEqual({ ok: true, hadIt: true });
  });

  it("is shown as such, and named to no browser; a new one is offered in its place", async () => {
    const { person, present } = await moved();
    expect(await listPasskeys(person.id)).toMatchObject([
      { isMadeForHere: true },
      { isMadeForHere: false, rpId: publicUrl.hostname },
    ]);
    const { excludeCredentials } = await askForPasskey(person, "add", "a session");
    expect(excludeCredentials?.map(({ id }) => id)).toEqual([present.authenticator.id]);
    expect(
      await acceptedPasskeys(person.id, await listPasskeys(person.id)),
      "the mark of the account is of the former place",
    ).toBeNull();
    expect(await isOfferDue(person.id)).toBe(false);
    await db.passkey.delete({ where: { id: present.passkey.id } });
    expect(await isOfferDue(person.id)).toBe(true);
  });
});

describe("PASSKEYS=false", () => {
  it("refuses also what answers a question from before", async () => {
    const person = await newPerson();
    const { authenticator } = await passkeyOf(person);
    const session = await provenSessionOf(person);
    const json = authenticator.create(await askForPasskey(person, "add", session.id));
    CHANGES["PASSKEYS=false"]();
    expect(await addPasskey(session, "add", json, newClient())).toEqual({
      ok: false,
      reason: "refused",
    });
  });
});
