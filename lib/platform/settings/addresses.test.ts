import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { ConfigurationError, readEnv } from "../env";
import { withoutSecrets } from "./redact";

const refusalOf = (variables: Record<string, string>): string => {
  try {
    readEnv({ MAIL_FROM: "a@b.co", ...variables });
  } catch (error) {
    if (error instanceof ConfigurationError) return error.message;
    throw error;
  }
  throw new Error(`took ${JSON.stringify(variables)}`);
};

/** Passwords with each character that ends a part of an address, with digits before it that a port could be. */
const UNESCAPED = ["#", "/", "?", "%", "%zz", " ", "\t", "@/", "/@", "%ff"].flatMap((mark) =>
  ["12", "hush"].map((before) => `${before}${mark}HuSh`),
);

describe("SMTP_URL", () => {
  it.each([
    ["smtps://u:p@mail.example.com", "u", "p", "mail.example.com"],
    ["smtps://ada@example.com:p@ss@mail.example.com", "ada@example.com", "p@ss", "mail.example.com"],
    ["smtps://u:5%25off%23%2F%3F%40@mail.example.com:465", "u", "5%off#/?@", "mail.example.com"],
    ["  SMTPS://u:p:q@Mail.Example.com/ ", "u", "p:q", "Mail.Example.com"],
    ["smtps://u:p\\q@mail.example.com", "u", "p\\q", "mail.example.com"],
    ["smtp://127.0.0.1:2525", "", "", "127.0.0.1"],
    ["smtp://[::1]:25", "", "", "[::1]"],
    ["smtp://mail", "", "", "mail"],
    ["smtps://u:p@mail.example.com.", "u", "p", "mail.example.com."],
  ])("takes %s as it is meant", (SMTP_URL, user, password, host) => {
    const { smtpUrl } = readEnv({ SMTP_URL, MAIL_FROM: "a@b.co" }).mail ?? {};
    expect(decodeURIComponent(smtpUrl?.username ?? "")).toBe(user);
    expect(decodeURIComponent(smtpUrl?.password ?? "")).toBe(password);
    expect(smtpUrl?.hostname).toBe(host);
  });

  it.each([
    "mail.example.com",
    "https://mail.example.com",
    "smtp:mail.example.com",
    "smtp://",
    "smtps://u:p@",
    "smtps://u@mail.example.com",
    "smtps://:p@mail.example.com",
    "smtps://:@mail.example.com",
    "smtps://u:p@mail.example.com:0",
    "smtps://u:p@mail.example.com:99999",
    "smtps://u:p@mail.example.com:smtp",
    "smtps://u:p@mail%2Eexample.com",
    "smtps://u:p@mail..example.com",
    "smtps://u:p@bücher.example",
    "smtps://u:p@2130706433",
    "smtps://u:p@127.1",
    "smtps://u:p@mail.example.com/path",
    "smtps://u:p@mail.example.com?pool=true",
    "smtps://u:p@mail.example.com?",
    "smtp://m.co?tls.rejectUnauthorized=false",
    "smtps://u:p%00q@mail.example.com",
    "smtps://u:p%0d%0aq@mail.example.com",
    '"smtps://u:p@mail.example.com"',
    "smtps://u:p@mail.example.com\u200b",
  ])("refuses %s", (SMTP_URL) => {
    expect(refusalOf({ SMTP_URL })).toMatch(/^SMTP_URL (must|has|is) [^\n]*\.$/);
  });

  it.each(UNESCAPED)("refuses the password %j, and repeats no part of it", (password) => {
    const refusal = refusalOf({ SMTP_URL: `smtps://mailer:${password}@mail.example.com` });
    expect(refusal).toMatch(/^SMTP_URL [^\n]*\.$/);
    expect(refusal).not.toMatch(/HuSh|hush|12|mailer/);
  });

  it("needs a sender", () => {
    expect(refusalOf({ SMTP_URL: "smtp://m.co", MAIL_FROM: "" })).toMatch(/^MAIL_FROM must be set/);
  });
});

describe("DATABASE_URL", () => {
  it.each([
    "postgres://u:p@localhost/acme",
    "postgresql://u:p@ss@127.0.0.1:5432/acme",
    "postgres://u:5%25off%23%2F%3F@10.0.0.7/acme",
    "postgres://u:p@db/acme",
    "postgres://u:p@db.internal/acme",
    "postgres://u:p@[fd00::1]/acme",
    "postgres:///acme",
    "postgres://u:p@/acme?host=/run/postgresql",
    "postgres://u:p@%2Frun%2Fpostgresql/acme",
    "postgres://u:p@db.example.com/acme?sslmode=verify-full",
    "postgres://u:p@db.example.com/acme?sslmode=verify-full&sslrootcert=/etc/ssl/ca.pem",
    "postgres://u:p@db.example.com/acme?sslmode=require&channel_binding=require",
    "postgres://u:p@db.example.com/acme?sslmode=prefer",
    "postgres://u:p@db.example.com/acme?sslmode=no-verify",
    "postgres://u:p@db.example.com/acme?sslmode=disable",
    "postgres://u:p@db.example.com/acme?ssl=true",
    "postgres://u:p@db.example.com/acme?host=10.0.0.7",
    "postgres://localhost/acme?schema=public",
  ])("takes %s as it stands", (DATABASE_URL) => {
    expect(readEnv({ DATABASE_URL }).databaseUrl).toBe(DATABASE_URL);
  });

  it.each([
    "postgres://u:p@db.example.com/acme",
    "postgresql://u:p@8.8.8.8/acme",
    "postgres://u:p@[2001:db8::1]/acme",
    "postgres://u:p@localhost/acme?host=db.example.com",
    "postgres://u:p@/acme?host=db.example.com",
    "postgres://u:p@db%2Eexample%2Ecom/acme",
    "postgres://u:p@db.example.com/acme?sslnegotiation=postgres",
  ])("refuses %s without a word about TLS", (DATABASE_URL) => {
    expect(refusalOf({ DATABASE_URL })).toMatch(/^DATABASE_URL must ask for TLS at the host [^\n]*\.$/);
  });

  it("goes by PGHOST and PGSSLMODE where it says nothing of its own, as the driver does", () => {
    const there = { DATABASE_URL: "postgres:///acme", PGHOST: "db.example.com" };
    expect(refusalOf(there)).toMatch(/^DATABASE_URL must ask for TLS/);
    expect(readEnv({ ...there, PGSSLMODE: "verify-full" }).databaseUrl).toBe("postgres:///acme");
    expect(refusalOf({ ...there, PGSSLMODE: "on" })).toMatch(/^DATABASE_URL must ask for TLS/);
  });

  it.each([
    "mysql://root@localhost/latchkey",
    "file:",
    "file://elsewhere/acme.db",
    "postgres://",
    "postgres://[",
    "postgres://u:p@134744072/acme",
    "postgres://u:p@db:0/acme",
    "postgres://u:p@db:5432x/acme",
    "postgres://u:p@db?port=http",
    "postgres://u:p@db/acme/more",
    "postgres://localhost/app?schema=mine",
    "postgres://u:p@db.example.com/acme?sslMode=require",
    "postgres://u:p@db.example.com/acme?sslmode=Require",
    "postgres://u:p@db.example.com/acme?sslmode=verify-full&sslmode=on",
    "postgres://u:p@db.example.com/acme?ssl=false",
    "postgres://u:p@db/acme?connection_limit=5",
    "'postgres://u:p@db/acme'",
    "postgres://u:p%00@db/acme",
  ])("refuses %s", (DATABASE_URL) => {
    expect(refusalOf({ DATABASE_URL })).toMatch(/^DATABASE_URL (must|has|is) [^\n]*\.$/);
  });

  it.each(UNESCAPED)("refuses the password %j, and repeats no part of it", (password) => {
    for (const host of ["db.example.com/acme?sslmode=verify-full", "db/acme"]) {
      const refusal = refusalOf({ DATABASE_URL: `postgres://keeper:${password}@${host}` });
      expect(refusal).toMatch(/^DATABASE_URL [^\n]*\.$/);
      expect(refusal).not.toMatch(/HuSh|hush|12|keeper/);
    }
  });
});

describe("withoutSecrets", () => {
  const source = {
    AUTH_SECRET: "the secret itself, of 32 characters",
    DATABASE_URL: "postgres://keeper:hush#Hush/more%21@db/acme",
    SMTP_URL: "smtps://mailer:whisper%40night@mail.example.com",
  };

  it.each([
    "the secret itself, of 32 characters",
    'database "Hush/more%21@db"',
    "Invalid URL: postgres://keeper:hush#Hush/more%21@db/acme",
    "no such host: hush",
    "refused whisper@night",
  ])("takes them out of %j, whole and in pieces", (text) => {
    expect(withoutSecrets(text, source)).not.toMatch(/the secret itself|hush|more%21|whisper|night/i);
  });

  it.each([
    [
      "the first of several",
      { AUTH_SECRET_PREVIOUS: "the-first-former-one, the-other-one" },
      "the-first-former-one",
    ],
    ["another of several", { AUTH_SECRET_PREVIOUS: "the-first-former-one, the-other-one" }, "the-other-one"],
    [
      "a parameter",
      { DATABASE_URL: "postgres://h/db?user=u&password=geheim%21+123&ssl=true" },
      "geheim! 123",
    ],
    ["a parameter as it stands", { DATABASE_URL: "postgres://h/db?password=geheim%21123" }, "geheim%21123"],
    ["a parameter of two", { DATABASE_URL: "postgres://u:other@h/db?user=u&password=geheim" }, "geheim"],
  ])("takes %s out by itself", (_, settings, secret) => {
    expect(withoutSecrets(`it was ${secret}.`, settings)).toBe("it was [redacted].");
  });

  it.each([`hush"night`, "hush\\night", "hush'night", `hush'"night`, "hush'`\"night", "hush\u0007night"])(
    "takes %j out as programs print it, by itself and among other words",
    (secret) => {
      const values = [
        secret,
        { secret },
        `it's ${secret}`,
        `"${secret}"`,
        `'"\`${secret}`,
        new Error(secret),
      ];
      for (const print of [(value: unknown) => JSON.stringify(value), (value: unknown) => inspect(value)])
        for (const value of values)
          expect(withoutSecrets(print(value), { TASKS_SECRET: secret })).not.toMatch(/hush|night/);
    },
  );

  it("leaves all else", () => {
    const text = "Cannot reach db:5432 as keeper";
    expect(withoutSecrets(text, source)).toBe(text);
    expect(withoutSecrets(text, { DATABASE_URL: "file:/srv/acme.db", SMTP_URL: "smtp://mail" })).toBe(text);
  });
});
