import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { ConfigurationError, readEnv } from "./env";
import { SETTING_NAMES } from "./settings/table";

const read = (variables: Record<string, string>) => readEnv(variables as NodeJS.ProcessEnv);

type Wrong = [variables: Record<string, string>, sentence: RegExp];

/** One of each way to be wrong, but for addresses of servers: those are told in settings/addresses.test.ts. */
const wrong: Wrong[] = [
  [{ AUTH_SECRET: "s".repeat(31) }, /AUTH_SECRET must have at least 32 characters/],
  [{ AUTH_SECRET: `${"s".repeat(40)}\r` }, /AUTH_SECRET has white space at an end/],
  [{ AUTH_SECRET: `"${"s".repeat(40)}"` }, /AUTH_SECRET has quotes around it/],
  [{ AUTH_SECRET_PREVIOUS: "short, and short" }, /AUTH_SECRET_PREVIOUS must be the former AUTH_SECRET/],
  [{ TASKS_SECRET: "ü".repeat(32) }, /TASKS_SECRET must be plain ASCII/],
  [{ AUTH_URL: "accounts.example" }, /AUTH_URL must be the address/],
  [{ AUTH_URL: "ftp://accounts.example" }, /AUTH_URL must be the address/],
  [{ AUTH_URL: "https://" }, /AUTH_URL must be the address/],
  [{ AUTH_URL: "https://accounts.example/app" }, /AUTH_URL must be an address without a path/],
  [{ AUTH_URL: "https://accounts.example?utm=1" }, /AUTH_URL must be an address without a path/],
  [{ AUTH_URL: "https://ada@accounts.example.com" }, /AUTH_URL must be an address without a path/],
  [{ AUTH_URL: "https://accounts.\u200bexample.com" }, /AUTH_URL has white space or an invisible/],
  [{ AUTH_URL: "https://accounts.example.com." }, /AUTH_URL has a host/],
  [{ AUTH_URL: "https://*.example.com" }, /AUTH_URL has a host/],
  [{ AUTH_URL: "'https://accounts.example.com'" }, /AUTH_URL has quotes around it/],
  ...["http", "0", "65536", "-1", "80.5", "0x50", "1e3", "3000,3001"].map(
    (PORT): Wrong => [{ PORT }, /PORT must be a number from 1 to 65535/],
  ),
  [{ HOSTNAME: "localhost:3000" }, /HOSTNAME must be an address of this machine/],
  [{ HOSTNAME: "http://127.0.0.1" }, /HOSTNAME must be an address of this machine/],
  [{ DATA_DIR: "~/data" }, /DATA_DIR must be the path/],
  [{ DATA_DIR: "$HOME/data" }, /DATA_DIR must be the path/],
  [{ DATA_DIR: "file:///data" }, /DATA_DIR must be the path/],
  [{ PASSWORD_MIN_LENGTH: "8 characters" }, /PASSWORD_MIN_LENGTH must be a whole number from 8 to 64/],
  [{ PASSWORD_BREACH_URL: "http://range.example.com" }, /PASSWORD_BREACH_URL must begin with https/],
  [{ PASSWORD_BREACH_URL: "https://u:p@range.example.com" }, /PASSWORD_BREACH_URL must be the address/],
  [{ PASSWORD_BREACH_URL: "https://range.example.com?key=1" }, /PASSWORD_BREACH_URL must be the address/],
  [{ TRUSTED_PROXIES: "yes" }, /TRUSTED_PROXIES must be a number of proxies/],
  [{ MAIL_FROM: "Latchkey" }, /MAIL_FROM must be an email address/],
  [{ MAIL_FROM: "a@b.co, c@d.co" }, /MAIL_FROM must be an email address/],
  [{ MAIL_FROM: "mailto:a@b.co" }, /MAIL_FROM must be an email address/],
  [{ MAIL_FROM: "a@b.co\nBcc: x@y.co" }, /MAIL_FROM must be an email address/],
  [{ MAIL_FROM: "x\nBcc: x@y.co <a@b.co>" }, /MAIL_FROM must be an email address/],
  [{ REQUIRE_VERIFIED_EMAIL: "yes" }, /REQUIRE_VERIFIED_EMAIL must be true or false/],
  [{ REQUIRE_VERIFIED_EMAIL: "true" }, /REQUIRE_VERIFIED_EMAIL=true needs SMTP_URL/],
  [{ HSTS_SUBDOMAINS: "1" }, /HSTS_SUBDOMAINS must be true or false/],
  [{ LOG_LEVEL: "INFO" }, /LOG_LEVEL must be one of debug, info/],
  ...["x".repeat(41), "Acme\r\nBcc: x@y.co", "Ac\u202eme", "Ac\u2028me", "Ac\ud800me"].map(
    (APP_NAME): Wrong => [{ APP_NAME }, /APP_NAME must be 1 to 40 visible characters/],
  ),
];

describe("readEnv", () => {
  it("needs no variable at all", () => {
    const settings = read({});
    expect(settings.databaseUrl).toBe(`file:${resolve(".data/latchkey.db")}`);
    expect(settings.publicUrl.origin).toBe("http://localhost:3000");
    expect(settings).toMatchObject({
      appName: "Latchkey",
      isSecure: false,
      isLocal: true,
      port: 3000,
      hostname: undefined,
      mail: null,
      authSecret: undefined,
    });
  });

  it("takes a blank variable for an unset one", () => {
    expect(read({ PORT: "", AUTH_URL: " ", DATABASE_URL: "", AUTH_SECRET: "" })).toMatchObject({
      port: 3000,
    });
  });

  it.each([
    ["  Acme  ", "Acme"],
    ["Ключ & <b>Söhne</b>", "Ключ & <b>Söhne</b>"],
    ["🔑", "🔑"],
    ["x".repeat(40), "x".repeat(40)],
    ["   ", "Latchkey"],
  ])("takes the name %j", (APP_NAME, appName) => {
    expect(read({ APP_NAME })).toMatchObject({ appName });
  });

  it("lets the public address follow the port", () => {
    expect(read({ PORT: "4000" }).publicUrl.origin).toBe("http://localhost:4000");
  });

  it.each([
    "http://localhost:3000",
    "http://127.0.0.1:3000",
    "http://[::1]:3000",
    "http://192.168.1.20:3000",
    "http://10.0.0.7",
    "http://172.16.0.1",
    "http://nas:3000",
    "http://nas.local",
    "http://[fd00::1]:3000",
    "http://latchkey.home.arpa",
  ])("allows plain http on this machine and its own network: %s", (AUTH_URL) => {
    expect(read({ AUTH_URL })).toMatchObject({ isSecure: false, isLocal: true });
  });

  it.each(["http://accounts.example.com", "http://172.32.0.1", "http://8.8.8.8", "http://[2001:db8::1]"])(
    "refuses plain http for a public address: %s",
    (AUTH_URL) => {
      expect(() => read({ AUTH_URL })).toThrow(/AUTH_URL must begin with https/);
    },
  );

  it.each([
    ["accounts@example.com", { name: "", address: "accounts@example.com" }],
    ["Latchkey <accounts@example.com>", { name: "Latchkey", address: "accounts@example.com" }],
    ["Ünï, Inc. <a@b.co>", { name: "Ünï, Inc.", address: "a@b.co" }],
  ])("reads whom emails come from: %s", (MAIL_FROM, from) => {
    const { mail } = read({ SMTP_URL: "smtps://u:p@mail.example.com", MAIL_FROM });
    expect(mail).toMatchObject({ from, smtpUrl: new URL("smtps://u:p@mail.example.com") });
  });

  it("keeps an account never confirmed for 7 days, or as many as are set", () => {
    expect(read({}).unverifiedAccountDays).toBe(7);
    expect(read({ UNVERIFIED_ACCOUNT_DAYS: "30" }).unverifiedAccountDays).toBe(30);
    for (const wrong of ["0", "366", "1.5", "-1", "a week"])
      expect(() => read({ UNVERIFIED_ACCOUNT_DAYS: wrong })).toThrow("a whole number from 1 to 365");
  });

  it("lets development require a confirmed address without a mail server: it shows the emails itself", () => {
    const settings = { REQUIRE_VERIFIED_EMAIL: "true", NODE_ENV: "development" };
    expect(read(settings)).toMatchObject({ requireVerifiedEmail: true, mail: null });
  });

  it.each([
    [{ PORT: " 4000\r\n" }, { port: 4000 }],
    [{ HOSTNAME: "[::1]" }, { hostname: "::1" }],
    [{ AUTH_URL: " https://Accounts.Example.com/ " }, { publicUrl: new URL("https://accounts.example.com") }],
    [{ DATABASE_URL: "file:///srv/acme%20data/acme.db" }, { databaseUrl: "file:/srv/acme data/acme.db" }],
    [{ LOG_LEVEL: "warn ", REQUIRE_VERIFIED_EMAIL: "false " }, { logLevel: "warn" }],
    [{ HSTS_SUBDOMAINS: "true" }, { hstsSubdomains: true }],
    [{}, { hstsSubdomains: false, otherSecrets: [] }],
    [{ TASKS_SECRET: "t".repeat(32) }, { tasksSecret: "t".repeat(32) }],
  ])("takes %j as it is meant", (variables, settings) => {
    expect(read(variables)).toMatchObject(settings);
  });

  it.each(wrong)("refuses %j with one sentence", (variables, sentence) => {
    expect(() => read(variables)).toThrow(ConfigurationError);
    expect(() => read(variables)).toThrow(sentence);
  });

  it("takes a former secret with commas in it, and several with commas between them", () => {
    const [one, two] = ["one secret, with a comma, of 32 and more", "2".repeat(32)];
    expect(read({ AUTH_SECRET_PREVIOUS: one }).otherSecrets).toContain(one);
    expect(read({ AUTH_SECRET_PREVIOUS: `${one}, ${two}` }).otherSecrets).toEqual(
      expect.arrayContaining([one, two]),
    );
  });

  it.each(["README.md", ".env.example"])("has every setting in %s", (document) => {
    const text = readFileSync(document, "utf8");
    for (const name of SETTING_NAMES) expect(text, name).toMatch(new RegExp(`^(\\| \`|# )${name}\\b`, "m"));
  });
});
