import { describe, expect, it } from "vitest";
import { ConfigurationError, readEnv } from "../env";
import { withoutSecrets } from "./redact";

const ACME = {
  OIDC_ACME_ISSUER: "https://id.acme.example",
  OIDC_ACME_CLIENT_ID: "latchkey",
  OIDC_ACME_CLIENT_SECRET: "a secret with spaces",
};

const providersOf = (variables: Record<string, string>) => readEnv(variables).providers;

describe("the settings of identity providers", () => {
  it("name none, and the site offers none, where there are none or blank ones", () => {
    expect(readEnv({ OIDC_ACME_ISSUER: " ", GOOGLE_CLIENT_ID: "" })).toMatchObject({
      providers: [],
      features: { connections: false },
    });
  });

  it("name any number of them, and Google and GitHub by name", () => {
    const all = {
      ...ACME,
      OIDC_ACME_EU_ISSUER: "http://localhost:9000/realms/eu/",
      OIDC_ACME_EU_CLIENT_ID: "c",
      OIDC_ACME_EU_CLIENT_SECRET: "s",
      OIDC_ACME_EU_LABEL: "Acme Europe",
      OIDC_ACME_EU_TRUST_EMAIL: "true",
      GOOGLE_CLIENT_ID: "g",
      GOOGLE_CLIENT_SECRET: "gs",
      GITHUB_CLIENT_ID: "h",
      GITHUB_CLIENT_SECRET: "hs",
      GITHUB_TRUST_EMAIL: "true",
    };
    expect(
      providersOf(all).map(({ id, label, issuer, trustsEmail }) => [id, label, issuer, trustsEmail]),
    ).toEqual([
      ["google", "Google", "https://accounts.google.com", false],
      ["github", "GitHub", "https://github.com/login/oauth", true],
      ["acme", "Acme", "https://id.acme.example", false],
      ["acme-eu", "Acme Europe", "http://localhost:9000/realms/eu/", true],
    ]);
    expect(readEnv(all).features.connections).toBe(true);
  });

  const wrong: [variables: Record<string, string>, sentence: RegExp][] = [
    [
      { OIDC_ACME_ISSUER: ACME.OIDC_ACME_ISSUER },
      /OIDC_ACME_CLIENT_ID and OIDC_ACME_CLIENT_SECRET must be set/,
    ],
    [
      { ...ACME, OIDC_ACME_CLIENT_SECRET: "" },
      /OIDC_ACME_CLIENT_SECRET must be set where OIDC_ACME_CLIENT_ID is/,
    ],
    [{ ...ACME, OIDC_ACME_CLIENT_ID: "" }, /OIDC_ACME_CLIENT_ID must be set/],
    [{ ...ACME, OIDC_ACME_ISSUER: "" }, /OIDC_ACME_ISSUER must be set/],
    [{ OIDC_ACME_LABEL: "Acme" }, /OIDC_ACME_ISSUER must be set/],
    [{ ...ACME, OIDC_ACME_LABLE: "Acme" }, /OIDC_ACME_LABLE is no setting/],
    [{ ...ACME, OIDC_ACME_LABEL: "Ac\u202eme" }, /OIDC_ACME_LABEL must be 1 to 40 visible/],
    [{ ...ACME, OIDC_ACME_TRUST_EMAIL: "yes" }, /OIDC_ACME_TRUST_EMAIL must be true or false/],
    [
      { ...ACME, OIDC_ACME_CLIENT_SECRET: "\u00fc" },
      /OIDC_ACME_CLIENT_SECRET must be what the provider gave/,
    ],
    [{ GOOGLE_CLIENT_ID: "g" }, /GOOGLE_CLIENT_SECRET must be set where GOOGLE_CLIENT_ID is/],
    [{ GITHUB_CLIENT_SECRET: "g" }, /GITHUB_CLIENT_ID must be set/],
    [{ GOOGLE_TRUST_EMAIL: "1" }, /GOOGLE_TRUST_EMAIL must be true or false/],
    ...["google", "GITHUB", "CREDENTIALS", "UNDEFINED", "X".repeat(33)].map(
      (name): (typeof wrong)[number] => [
        Object.fromEntries(
          Object.entries(ACME).map(([key, value]) => [key.replace("ACME", name.toUpperCase()), value]),
        ),
        /needs another name/,
      ],
    ),
    ...[
      "id.acme.example",
      "ftp://id.acme.example",
      "https://u:p@id.acme.example",
      "https://id.acme.example?a=1",
    ].map((issuer): (typeof wrong)[number] => [
      { ...ACME, OIDC_ACME_ISSUER: issuer },
      /OIDC_ACME_ISSUER must be the address that the provider calls itself/,
    ]),
    ...["http://id.acme.example", "http://10.0.0.1", "http://nas"].map((issuer): (typeof wrong)[number] => [
      { ...ACME, OIDC_ACME_ISSUER: issuer },
      /OIDC_ACME_ISSUER must begin with https/,
    ]),
  ];

  it.each(wrong)("stop the start at %j with one sentence", (variables, sentence) => {
    expect(() => readEnv(variables)).toThrow(ConfigurationError);
    expect(() => readEnv(variables)).toThrow(sentence);
  });

  it("have their secrets left out of what is printed", () => {
    expect(withoutSecrets(`it said ${ACME.OIDC_ACME_CLIENT_SECRET}`, ACME)).toBe("it said [redacted]");
  });
});
