import { describe, expect, it } from "vitest";
import { findSession } from "../security/sessions";
import { enter, newClient, newPerson } from "../testing/people";
import { findLastLogin } from "./last-login";

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
});
