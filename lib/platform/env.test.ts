import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { ConfigurationError, readEnv } from "./env";

const read = (variables: Record<string, string>) => readEnv(variables as NodeJS.ProcessEnv);

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
    [{ AUTH_SECRET: "s".repeat(31) }, /AUTH_SECRET must have at least 32 characters/],
    [{ AUTH_URL: "accounts.example" }, /AUTH_URL must be the address/],
    [{ AUTH_URL: "ftp://accounts.example" }, /AUTH_URL must be the address/],
    [{ AUTH_URL: "https://accounts.example/app" }, /AUTH_URL must be an address without a path/],
    [{ PORT: "http" }, /PORT must be a number/],
    [{ PORT: "65536" }, /PORT must be a number/],
    [{ PORT: "-1" }, /PORT must be a number/],
    [{ DATABASE_URL: "mysql://root@localhost/latchkey" }, /DATABASE_URL must begin with file: or postgres:/],
    [{ SMTP_URL: "mail.example.com", MAIL_FROM: "a@b.co" }, /SMTP_URL must be the address/],
    [{ SMTP_URL: "https://mail.example.com", MAIL_FROM: "a@b.co" }, /SMTP_URL must be the address/],
    [{ SMTP_URL: "smtp://", MAIL_FROM: "a@b.co" }, /SMTP_URL must be the address/],
    [{ SMTP_URL: "smtp://m.co?tls.rejectUnauthorized=false", MAIL_FROM: "a@b.co" }, /SMTP_URL must be/],
    [{ SMTP_URL: "smtp://m.co" }, /MAIL_FROM must be set where SMTP_URL is/],
    [{ SMTP_URL: "smtp://m.co", MAIL_FROM: "Latchkey" }, /MAIL_FROM must be an email address/],
    [{ MAIL_FROM: "a@b.co\nBcc: x@y.co" }, /MAIL_FROM must be an email address/],
    [{ MAIL_FROM: "x\nBcc: x@y.co <a@b.co>" }, /MAIL_FROM must be an email address/],
    [{ REQUIRE_VERIFIED_EMAIL: "yes" }, /REQUIRE_VERIFIED_EMAIL must be true or false/],
    [{ REQUIRE_VERIFIED_EMAIL: "true" }, /REQUIRE_VERIFIED_EMAIL=true needs SMTP_URL/],
    [{ APP_NAME: "x".repeat(41) }, /APP_NAME must be 1 to 40 visible characters/],
    [{ APP_NAME: "Acme\r\nBcc: x@y.co" }, /APP_NAME must be 1 to 40 visible characters/],
    [{ APP_NAME: "Ac\u202eme" }, /APP_NAME must be 1 to 40 visible characters/],
    [{ APP_NAME: "Ac\u2028me" }, /APP_NAME must be 1 to 40 visible characters/],
    [{ APP_NAME: "Ac\ud800me" }, /APP_NAME must be 1 to 40 visible characters/],
    [{ PORT: "0" }, /PORT/],
    [{ PORT: "70000" }, /PORT/],
    [{ PORT: "http" }, /PORT/],
    [{ PORT: "80.5" }, /PORT/],
    [{ DATABASE_URL: "mysql://x" }, /DATABASE_URL/],
    [{ DATABASE_URL: "file:" }, /DATABASE_URL/],
    [{ DATABASE_URL: "postgres://[" }, /DATABASE_URL/],
    [{ DATABASE_URL: "postgres://localhost/app?schema=mine" }, /schema/],
    [{ AUTH_URL: "accounts.example.com" }, /AUTH_URL/],
    [{ AUTH_URL: "ftp://accounts.example.com" }, /AUTH_URL/],
    [{ AUTH_URL: "https://accounts.example.com/app" }, /AUTH_URL/],
    [{ AUTH_URL: "https://" }, /AUTH_URL/],
    [{ AUTH_URL: "https://ada@accounts.example.com" }, /AUTH_URL/],
    [{ AUTH_SECRET: "short" }, /AUTH_SECRET must have at least 32 characters/],
  ])("refuses %j with one sentence", (variables, sentence) => {
    expect(() => read(variables)).toThrow(ConfigurationError);
    expect(() => read(variables)).toThrow(sentence);
  });
});
