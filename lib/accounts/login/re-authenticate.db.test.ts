import { describe, expect, it } from "vitest";
import { db } from "../../platform/db";
import { isProofRecent, isSecondFactorRecent, PROOF_MS } from "../../security/session-proof";
import { findSession } from "../../security/sessions";
import { LOGIN_LIMITS } from "../../shared/limits";
import { DAY_MS } from "../../shared/units";
import { itOnce } from "../../testing/it-once";
import { enter, eventsOf, logIn, newClient, newPerson, PASSWORD, type Person } from "../../testing/people";
import { giveApp, wrongCodeFor } from "../../testing/second-factors";
import { lockAsOperator } from "../operator";
import type { SecondFactorInput } from "./prove-second-factor";
import { reAuthenticate } from "./re-authenticate";

/** Someone whose proof is as old as it may be. */
async function longLoggedIn(person: Person, isRemembered = false) {
  const outcome = await enter(person);
  if (!outcome.ok) return expect.fail("not logged in");
  const { token } = outcome.session;
  const createdAt = new Date(Date.now() - PROOF_MS);
  await db.session.updateMany({ where: { userId: person.id }, data: { createdAt, isRemembered } });
  const session = (await findSession(token)) ?? expect.fail("no session");
  const client = newClient(outcome.browserToken);
  return { session, token, client };
}

const sessionsOf = ({ id }: Person) => db.session.count({ where: { userId: id } });

describe("reAuthenticate", () => {
  it("takes the second factor of an account that has one, from a browser that is not asked for it at the login too", async () => {
    const person = await newPerson();
    const { session, token, client } = await longLoggedIn(person);
    const app = await giveApp(person);
    const trustedUntil = new Date(Date.now() + DAY_MS);
    await db.knownBrowser.updateMany({ where: { userId: person.id }, data: { trustedUntil } });
    const prove = (secondFactor: SecondFactorInput | null, password = PASSWORD) =>
      reAuthenticate(session, token, { password, secondFactor }, client);
    expect(await prove(null)).toEqual({ ok: false, reason: "code-needed" });
    expect(await prove({ code: wrongCodeFor(app) })).toEqual({ ok: false, reason: "wrong-code" });
    const code = await app.freshCode();
    expect(await prove({ code }, "a wrong guess")).toMatchObject({ reason: "refused" });
    expect(await findSession(token), "nothing has changed").not.toBeNull();
    expect(await db.pendingLogin.count({ where: { userId: person.id } })).toBe(0);

    const outcome = await prove({ code }); // the wrong password has used none up
    if (!outcome.ok) return expect.fail(outcome.reason);
    expect(await findSession(token)).toBeNull();
    const proven = (await findSession(outcome.session.token)) ?? expect.fail("no session");
    expect(isSecondFactorRecent(proven)).toBe(true);
    const last = await db.auditEvent.findFirstOrThrow({
      where: { userId: person.id, event: "re-authenticated" },
    });
    expect(last.how).toBe("password+code");
  });

  it.each([true, false])(
    "is a proof in a session of its own, remembered as before: %s",
    async (isRemembered) => {
      const person = await newPerson();
      const { session, token, client } = await longLoggedIn(person, isRemembered);
      expect(isProofRecent(session)).toBe(false);
      const outcome = await reAuthenticate(
        session,
        token,
        { password: PASSWORD, secondFactor: null },
        client,
      );
      if (!outcome.ok) return expect.fail("not proven");
      expect(await findSession(token)).toBeNull();
      const proven = (await findSession(outcome.session.token)) ?? expect.fail("no session");
      expect(isProofRecent(proven)).toBe(true);
      expect(proven).toMatchObject({ isRemembered, user: { id: person.id } });
      expect(await sessionsOf(person)).toBe(1);
      expect(outcome.browserToken).toBe(client.browserToken);
      expect(await eventsOf(person)).toEqual(["login", "re-authenticated"]);
    },
  );

  itOnce("refuses a wrong password, and counts it as a failed login", async () => {
    const person = await newPerson();
    const { session, token, client } = await longLoggedIn(person);
    for (let guess = 0; guess < LOGIN_LIMITS.failuresBeforeWait; guess++)
      expect(
        await reAuthenticate(session, token, { password: "a wrong guess", secondFactor: null }, client),
      ).toEqual({
        ok: false,
        reason: "refused",
      });
    expect(
      await reAuthenticate(session, token, { password: PASSWORD, secondFactor: null }, client),
    ).toMatchObject({ reason: "throttled" });
    expect(await logIn(person.email, PASSWORD, client)).toMatchObject({ reason: "throttled" });
    expect(await findSession(token)).not.toBeNull();
  });

  itOnce("refuses a locked account, one without a password, and another's password", async () => {
    const [person, neighbour, federated] = [await newPerson(), await newPerson(), await newPerson()];
    const { session, token, client } = await longLoggedIn(person);
    const swapped = { ...session, user: { ...session.user, id: neighbour.id } };
    expect(
      await reAuthenticate(swapped, token, { password: PASSWORD, secondFactor: null }, client),
    ).toMatchObject({ reason: "refused" });
    await lockAsOperator(person.email, newClient());
    expect(
      await reAuthenticate(session, token, { password: PASSWORD, secondFactor: null }, client),
    ).toMatchObject({ reason: "locked" });
    expect(await sessionsOf(person)).toBe(0);
    const theirs = await longLoggedIn(federated);
    await db.user.update({ where: { id: federated.id }, data: { passwordHash: null } });
    for (const typed of [PASSWORD, ""])
      expect(
        await reAuthenticate(
          theirs.session,
          theirs.token,
          { password: typed, secondFactor: null },
          theirs.client,
        ),
      ).toMatchObject({
        reason: "refused",
      });
  });
});
