import { describe, expect, it } from "vitest";
import { findSession } from "../security/sessions";
import { itOnce } from "../testing/it-once";
import { enter, newClient, newPerson, PASSWORD } from "../testing/people";
import { findLastLogin } from "./last-login";
import { reAuthenticate } from "./login/re-authenticate";

/** Logs in and answers the session. */
async function enterAs(person: { id: string }, userAgent: string) {
  const outcome = await enter(person, { ...newClient(), userAgent });
  const session = outcome.ok ? await findSession(outcome.session.token) : null;
  if (!session) throw new Error("no session");
  return session;
}

describe("findLastLogin", () => {
  it("finds none at the first login, and then the one before, not the one that is looking", async () => {
    const [person, other] = [await newPerson(), await newPerson()];
    const first = await enterAs(person, "Firefox/140.0 Linux");
    expect(await findLastLogin(first)).toBeNull();
    const second = await enterAs(person, "Chrome/140.0 Windows");
    expect(await findLastLogin(second)).toEqual({ at: expect.any(Date), browser: "Firefox on Linux" });
    expect(await findLastLogin(first), "nor a later one").toBeNull();
    expect(await findLastLogin(await enterAs(other, "Firefox/140.0 Linux")), "nor another's").toBeNull();
  });

  itOnce("is not moved by a proof of who one is: the session is still that of the first login", async () => {
    const person = await newPerson();
    const outcome = await enter(person);
    const token = outcome.ok ? outcome.session.token : "";
    const session = await findSession(token);
    if (!session) throw new Error("no session");
    const proven = await reAuthenticate(
      session,
      token,
      { password: PASSWORD, secondFactor: null },
      newClient(),
    );
    const now = proven.ok ? await findSession(proven.session.token) : null;
    expect(now?.createdAt).toEqual(session.createdAt);
    expect(now?.provenAt).toEqual(expect.any(Date));
    expect(now && (await findLastLogin(now))).toBeNull();
  });
});
