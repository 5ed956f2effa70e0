import { describe, expect, it } from "vitest";
import type { ProviderSettings } from "../../platform/settings/providers";
import { githubClaims, identityIn } from "./identity";

const ACME: ProviderSettings = {
  id: "acme",
  kind: "oidc",
  label: "Acme",
  issuer: "https://id.acme.example",
  clientId: "c",
  clientSecret: "s",
  trustsEmail: true,
};

const identity = (claims: unknown, provider: Partial<ProviderSettings> = {}, token?: object) =>
  identityIn(
    { ...ACME, ...provider },
    claims,
    token ? { id_token: `e30.${Buffer.from(JSON.stringify(token)).toString("base64url")}.` } : {},
    "Latchkey",
  );

describe("identityIn", () => {
  it("reads who is meant, and takes what is unfit for unsaid", () => {
    const claims = {
      sub: "42",
      email: "Ada@Example.com",
      email_verified: "true",
      name: "  Ada   Lovelace ",
      preferred_username: "ada",
    };
    expect(identity(claims, {}, { auth_time: 1_700_000_000 })).toEqual({
      provider: "acme",
      issuer: "https://id.acme.example",
      subject: "42",
      type: "oidc",
      email: "Ada@Example.com",
      isEmailProven: true,
      username: "ada",
      displayName: "Ada Lovelace",
      name: "Ada@Example.com",
      authenticatedAt: new Date(1_700_000_000_000),
    });
    const unfit = {
      sub: "42",
      email: "no address",
      email_verified: true,
      name: 7,
      preferred_username: "admin",
    };
    expect(identity(unfit)).toMatchObject({
      email: null,
      isEmailProven: false,
      username: null,
      displayName: null,
      authenticatedAt: null,
    });
  });

  it.each([
    [{}],
    [{ sub: "" }],
    [{ sub: 42 }],
    [{ sub: "x".repeat(256) }],
    [{ sub: "4\u00002" }],
    [{ sub: "ä" }],
    [null],
    ["42"],
  ])("means nobody by %j", (claims) => {
    expect(identity(claims)).toBeNull();
  });

  it("believes an address only where it is verified, by a provider that is marked", () => {
    const claims = { sub: "42", email: "ada@example.com", email_verified: true };
    expect(identity(claims)?.isEmailProven).toBe(true);
    expect(identity(claims, { trustsEmail: false })?.isEmailProven).toBe(false);
    for (const email_verified of [false, undefined, "false", 1, "yes"])
      expect(identity({ ...claims, email_verified })?.isEmailProven, String(email_verified)).toBe(false);
    for (const email of ["\uff41da@example.com", "a\u200bda@example.com", " ada@example.com"])
      expect(identity({ ...claims, email }), email).toMatchObject({
        email: "ada@example.com",
        isEmailProven: false,
      });
  });

  it("takes the issuer as the token spells it, and a login that is yet to come for unsaid", () => {
    const [iss, now] = ["https://id.acme.example/", Math.floor(Date.now() / 1000)];
    for (const auth_time of [1e300, now * 1000, now + 90])
      expect(identity({ sub: "42" }, {}, { iss, auth_time }), `${auth_time}`).toMatchObject({
        issuer: iss,
        authenticatedAt: null,
      });
    const { authenticatedAt } = identity({ sub: "42" }, {}, { auth_time: now + 30 }) ?? {};
    expect(authenticatedAt, "by a clock that is a little ahead").toEqual(new Date((now + 30) * 1000));
  });

  it("believes Google about its own addresses and those of its organisations alone", () => {
    const google = { id: "google", kind: "google" } as const;
    const claims = { sub: "42", email_verified: true };
    const isProven = (more: object) => identity({ ...claims, ...more }, google)?.isEmailProven;
    expect(isProven({ email: "ada@gmail.com" })).toBe(true);
    expect(isProven({ email: "ada@corp.example", hd: "corp.example" })).toBe(true);
    expect(isProven({ email: "ada@example.com" })).toBe(false);
    expect(isProven({ email: "ada@notgmail.com" })).toBe(false);
  });
});

describe("githubClaims", () => {
  const user = { id: 7, login: "ada", name: null };

  it("takes the primary address, verified or not, and the number that never changes", () => {
    const emails = [
      { email: "other@example.com", primary: false, verified: true },
      { email: "ada@example.com", primary: true, verified: false },
    ];
    expect(githubClaims(user, emails)).toMatchObject({
      sub: "7",
      email: "ada@example.com",
      email_verified: false,
      preferred_username: "ada",
    });
    expect(githubClaims(user, { message: "Not found" }).email).toBeUndefined();
    expect(() => githubClaims({ message: "Bad credentials" }, [])).toThrow();
  });
});
