import { afterEach, describe, expect, vi } from "vitest";

await vi.hoisted(async () => {
  const { PROVIDERS } = await import("../testing/provider-settings");
  Object.assign(process.env, PROVIDERS);
});
/** The cookies of the browser that asks. */
const jar = vi.hoisted(() => new Map<string, string>());
vi.mock("./log-in", () => ({ pathAfter: (_: unknown, path: string) => path })); // next-auth is not made for Node alone
vi.mock("next/headers", () => ({
  cookies: async () => ({
    getAll: () => [...jar].map(([name, value]) => ({ name, value })),
    get: (name: string) => (jar.has(name) ? { name, value: jar.get(name) } : undefined),
    set: (name: string, value: string) => (value === "" ? jar.delete(name) : jar.set(name, value)),
  }),
  headers: async () => new Headers(),
}));

import { logInWithProvider } from "../accounts/login/log-in-with-provider";
import { db } from "../platform/db";
import { connectionOf } from "../testing/connections";
import { itOnce as it } from "../testing/it-once";
import { newClient, newPerson } from "../testing/people";
import { giveApp } from "../testing/second-factors";
import { cookieNames } from "../web/cookies";
import { keepTypedEmail, typedEmail } from "../web/typed-email";
import { answerHolder } from "./asker";
import { wayOn } from "./providers/way-on";

const said = { own: "email-verified", ofAnother: "email-verified-of-another" } as const;

/** Logs somebody in for whom a provider speaks. */
async function logIn(identity: Parameters<typeof logInWithProvider>[0]) {
  const options = { isRemembered: false, previousSessionToken: null };
  const { user, outcome } = await logInWithProvider(identity, options, newClient());
  return user ? { user, outcome } : expect.fail("nobody was found");
}

type Login = Awaited<ReturnType<typeof logIn>>;

afterEach(() => jar.clear());

describe.each([
  ["by a provider", ({ outcome, user }: Login) => wayOn(outcome, user, "/account")],
  [
    "by an emailed link",
    ({ outcome: login }: Login) => answerHolder({ by: "password", login }, said, "/account"),
  ],
])("a login %s", (_, goOn) => {
  it("forgets the address that was typed once it is let in, and not while it waits", async () => {
    const person = await newPerson();
    const identity = await connectionOf(person);
    await keepTypedEmail(person.email);
    await giveApp(person);
    await goOn(await logIn(identity));
    expect(jar.has(cookieNames.pendingLogin())).toBe(true);
    expect(jar.has(cookieNames.session())).toBe(false);
    expect(await typedEmail()).toBe(person.email);
    await db.authenticator.deleteMany({ where: { userId: person.id } });
    await goOn(await logIn(identity));
    expect(jar.has(cookieNames.session())).toBe(true);
    expect(await typedEmail()).toBe("");
  });
});
