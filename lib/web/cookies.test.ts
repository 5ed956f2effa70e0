import { describe, expect, it, vi } from "vitest";

const SECRET = "a secret that two installations have in common";

/** The names of cookies of an installation with these settings, as another process would give them. */
async function namesOf(AUTH_URL: string, AUTH_SECRET = SECRET) {
  vi.resetModules();
  vi.stubEnv("AUTH_URL", AUTH_URL);
  vi.stubEnv("AUTH_SECRET", AUTH_SECRET);
  const { env } = await import("../platform/env");
  env();
  return import("./cookies");
}

describe("the names of cookies", () => {
  it("are the same in every process of an installation", async () => {
    const [one, other] = [await namesOf("http://localhost:3000"), await namesOf("http://localhost:3000/")];
    expect(one.installationId()).toMatch(/^[0-9a-f]{8}$/);
    expect(other.installationId()).toBe(one.installationId());
  });

  it("are others at another port, host or scheme, with the same secret, and with another secret", async () => {
    const origins = [
      "http://localhost:3000",
      "http://localhost:3001",
      "http://nas:3000",
      "https://localhost:3000",
    ];
    const ids = [];
    for (const origin of origins) ids.push((await namesOf(origin)).installationId());
    ids.push(
      (await namesOf("http://localhost:3000", "another secret, of more than 32 characters")).installationId(),
    );
    expect(new Set(ids).size).toBe(ids.length);
  });

  it("are recognised when they were others: of a session, a browser and a link", async () => {
    const before = await namesOf("https://accounts.example.com", "the secret until today, of 32 characters");
    const id = "0123456789abcdef";
    const names = [before.cookieNames.session(), before.cookieNames.browser(), before.cookieNames.link(id)];
    const jar = [...names, "__Host-latchkey.session", "latchkey.0123abcd.session"].map((name) => ({ name }));
    const { otherCookies, cookieNames } = await namesOf("https://accounts.example.com");
    const found = (kind: Parameters<typeof otherCookies>[0]) =>
      otherCookies(kind, jar).map(({ name }) => name);
    expect(found("session")).toEqual([names[0], "__Host-latchkey.session"]);
    expect(found("browser")).toEqual([names[1]]);
    expect(found(`link.${id}`)).toEqual([names[2]]);
    expect(found("link.fedcba9876543210")).toEqual([]);
    expect(otherCookies("session", [{ name: cookieNames.session() }])).toEqual([]);
  });
});
