import { describe, expect, it } from "vitest";
import { db } from "../../platform/db";
import { findSession, isProofRecent, PROOF_MS } from "../../security/sessions";
import { LOGIN_LIMITS } from "../../shared/limits";
import { enter, eventsOf, logIn, newClient, newPerson, PASSWORD, type Person } from "../../testing/people";
import { lockAsOperator } from "../operator";
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

  it("refuses a wrong password, and counts it as a failed login", async () => {
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

  it("refuses a locked account, one without a password, and another's password", async () => {
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
