import { afterEach, describe, expect, it, vi } from "vitest";

await vi.hoisted(async () => {
  const { PROVIDERS } = await import("../../testing/provider-settings");
  Object.assign(process.env, PROVIDERS);
});
/** The cookies of the browser that asks. */
const jar = vi.hoisted(() => new Map<string, string>());
vi.mock("next/headers", () => ({
  cookies: async () => ({
    getAll: () => [...jar].map(([name, value]) => ({ name, value })),
    get: (name: string) => (jar.has(name) ? { name, value: jar.get(name) } : undefined),
    set: (name: string, value: string) => (value === "" ? jar.delete(name) : jar.set(name, value)),
  }),
  headers: async () => new Headers(),
}));

import { env } from "../../platform/env";
import { openSession } from "../../security/sessions";
import { acmeIdentity, corpIdentity } from "../../testing/connections";
import { itOnce } from "../../testing/it-once";
import { newClient, newPerson } from "../../testing/people";
import { clearSessionCookie, writeSessionCookie } from "../session-cookie";
import { arrivalIdOf, currentArrival, takeJourney, writeArrival, writeJourney } from "./journey";

const asked = {
  purpose: "log-in",
  provider: "acme",
  path: "/account",
  isRemembered: false,
  sessionId: null,
  checks: { nonce: "a nonce", verifier: "a verifier" },
} as const;

afterEach(() => jar.clear());

describe("takeJourney", () => {
  it("takes one answer, also from a browser that has kept its cookies", async () => {
    await writeJourney(asked, "a state");
    const kept = new Map(jar);
    expect(await takeJourney("acme", "a state")).toMatchObject(asked);
    expect(jar.size, "the browser is to forget it").toBe(0);
    for (const [name, value] of kept) jar.set(name, value);
    expect(await takeJourney("acme", "a state")).toBeNull();
    await writeJourney(asked, "another state");
    expect(await takeJourney("acme", "another state")).not.toBeNull();
  });

  itOnce(
    "takes none by another provider, with another state, or without the cookie, and none of them ends the question",
    async () => {
      await writeJourney(asked, "its state");
      expect(await takeJourney("corp", "its state")).toBeNull();
      for (const state of ["", "no state of ours"]) expect(await takeJourney("acme", state)).toBeNull();
      const kept = new Map(jar);
      jar.clear();
      expect(await takeJourney("acme", "its state")).toBeNull();
      for (const [name, value] of kept) jar.set(name, value);
      expect(await takeJourney("acme", "its state")).not.toBeNull();
    },
  );
});

describe("whoever has come back", () => {
  const arrive = async (identity = acmeIdentity({ email: "ada@example.com" })) => {
    await writeArrival({ identity, isRemembered: true });
    return identity;
  };

  itOnce("is forgotten with a login and with a log-out", async () => {
    const identity = await arrive();
    expect(await currentArrival()).toEqual({ identity, isRemembered: true });
    await clearSessionCookie();
    expect(await currentArrival()).toBeNull();
    await arrive();
    const { id } = await newPerson();
    await writeSessionCookie(await openSession(id, false, newClient()), "a browser");
    expect(await currentArrival()).toBeNull();
  });

  itOnce(
    "is nobody once the settings have lost the provider, its issuer, or the trust in its word",
    async () => {
      await arrive(acmeIdentity({ issuer: "https://id.former.example" }));
      expect(await currentArrival()).toBeNull();
      await arrive(corpIdentity("ada@example.com"));
      expect(await currentArrival()).not.toBeNull();
      const { providers } = env();
      Object.assign(env(), { providers: providers.map((each) => ({ ...each, trustsEmail: false })) });
      expect(await currentArrival()).toBeNull();
      Object.assign(env(), { providers: [] });
      expect(await currentArrival()).toBeNull();
      Object.assign(env(), { providers });
    },
  );

  itOnce("has a name that no two have in common", () => {
    const [one, other] = [acmeIdentity(), acmeIdentity()].map((identity) =>
      arrivalIdOf({ identity, isRemembered: true }),
    );
    expect(one).not.toBe(other);
  });
});
