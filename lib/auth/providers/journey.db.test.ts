import { afterEach, describe, expect, it, vi } from "vitest";

/** The cookies of the browser that asks. */
const jar = vi.hoisted(() => new Map<string, string>());
vi.mock("next/headers", () => ({
  cookies: async () => ({
    get: (name: string) => (jar.has(name) ? { name, value: jar.get(name) } : undefined),
    set: (name: string, value: string) => (value === "" ? jar.delete(name) : jar.set(name, value)),
  }),
  headers: async () => new Headers(),
}));

import { takeJourney, writeJourney } from "./journey";

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

  it("takes none by another provider, with another state, or without the cookie, and none of them ends the question", async () => {
    await writeJourney(asked, "its state");
    expect(await takeJourney("corp", "its state")).toBeNull();
    for (const state of ["", "no state of ours"]) expect(await takeJourney("acme", state)).toBeNull();
    const kept = new Map(jar);
    jar.clear();
    expect(await takeJourney("acme", "its state")).toBeNull();
    for (const [name, value] of kept) jar.set(name, value);
    expect(await takeJourney("acme", "its state")).not.toBeNull();
  });
});
