import { randomBytes } from "node:crypto";
import { type BrowserContext, test as base, expect, type Locator, type Page } from "playwright/test";
import { type Database, openDatabase } from "../lib/testing/look-in";
import { Mailbox } from "../lib/testing/mail-sink";
import type { Member, Person } from "../lib/testing/person";
import * as rows from "../lib/testing/person";
import { createDatabase } from "../lib/testing/postgres";
import { removeFolder, temporaryFolder } from "../lib/testing/temporary-folder";
import { fullName, shortName } from "./support/cookie-jar";
import { noteSecret } from "./support/secrets";
import { type AppServer, type Settings, startServer } from "./support/server";
import { type Site, type SiteKind, siteOn } from "./support/sites";
import { type Answer, newAddress, Visitor } from "./support/visitor";

export type { Member, Person };
export { expect };

/** The names of cookies on plain http, without the installation; a `Visitor` knows them by these too. */
export const SESSION_COOKIE = "latchkey.session";
export const FLASH_COOKIE = "latchkey.flash";

type WorkerOptions = SiteKind;

export interface Options extends WorkerOptions {
  /** True in a story about failures, where an answer of 500 or above is expected. */
  expectsFailures: boolean;
  /** Where an identity provider of the story is; empty: no page may ask another site for anything. */
  providerOrigin: string;
}

interface WorkerFixtures extends WorkerOptions {
  /** Settings for an empty database of this run's kind: the embedded one in a new folder, or one in the cluster. */
  emptyDatabase: () => Promise<Settings>;
  /**
   * The app with these settings, started once for all the stories that one worker tells and want the same. Others have
   * been there before: tell people apart by address, and lines of its log by where the visitor came from.
   */
  sharedServer: (settings?: Settings) => Promise<AppServer>;
  /** A mail server for all the stories of a worker. A story that stops it or holds it uses `ownMailbox`. */
  sharedMailbox: Mailbox;
}

interface Fixtures {
  /** The app that this story is about, and what it keeps its data in. */
  site: Site;
  database: Database;
  /** Someone with a browser without a window: for what no browser would send or show. */
  visitor: Visitor;
  /** Someone who has an account and is not logged in. The account is a row: no form was filled in for it. */
  registered: (options?: { isVerified?: boolean }) => Promise<Member>;
  /** Opens a session for someone in this visitor's browser, past the form; answers its token. */
  enter: (visitor: Visitor, member: Member, options?: { isRemembered?: boolean }) => Promise<string>;
  /** Someone with an account, logged in where this story's pages open. */
  loggedIn: () => Promise<Member & { token: string }>;
  /** The app once more, on an empty database of its own unless `settings` name one; it ends with the story. */
  ownServer: (...how: Parameters<typeof startServer>) => Promise<AppServer>;
  /** A mail server of the story's own; `ownServer(ownMailbox.settings)` sends its emails there. */
  ownMailbox: Mailbox;
}

export const test = base.extend<Omit<Options, keyof WorkerOptions> & Fixtures, WorkerFixtures>({
  databaseKind: ["sqlite", { option: true, scope: "worker" }],
  serverKind: ["own", { option: true, scope: "worker" }],
  emptyDatabase: [
    async ({ databaseKind, serverKind }, use) => {
      const folders: string[] = [];
      await use(async () => {
        const DATA_DIR = await temporaryFolder("data");
        folders.push(DATA_DIR);
        if (databaseKind === "sqlite") return { DATA_DIR };
        const name = `latchkey_${randomBytes(6).toString("hex")}`;
        return {
          DATA_DIR,
          DATABASE_URL: await createDatabase(siteOn({ databaseKind, serverKind }).databaseUrl, name),
        };
      });
      for (const folder of folders) await removeFolder(folder);
    },
    { scope: "worker" },
  ],
  sharedServer: [
    async ({ emptyDatabase, serverKind }, use) => {
      const servers = new Map<string, Promise<AppServer>>();
      const start = async (settings: Settings) =>
        startServer({ ...(await emptyDatabase()), ...settings }, { serverKind });
      await use((settings = {}) => {
        const key = JSON.stringify(settings);
        const server = servers.get(key) ?? start(settings);
        servers.set(key, server);
        return server;
      });
      for (const server of servers.values()) await (await server).stop();
    },
    { scope: "worker" },
  ],
  sharedMailbox: [
    async ({ databaseKind: _ }, use) => {
      const mailbox = new Mailbox();
      await mailbox.start();
      await use(mailbox);
      await mailbox.stop();
    },
    { scope: "worker" },
  ],
  expectsFailures: [false, { option: true }],
  providerOrigin: ["", { option: true }],
  site: ({ databaseKind, serverKind }, use) => use(siteOn({ databaseKind, serverKind })),
  baseURL: ({ site }, use) => use(site.origin),
  extraHTTPHeaders: ({ databaseKind: _ }, use) => use({ "x-forwarded-for": newAddress() }),
  database: ({ site }, use) => use(openDatabase(site.databaseUrl)),
  visitor: ({ site }, use) => use(new Visitor(site.origin)),
  registered: ({ database }, use) => use((options) => newMember(database, options)),
  enter: ({ database }, use) => use((visitor, member, options) => enter(database, visitor, member, options)),
  loggedIn: ({ site, database, context, registered }, use) =>
    use(async () => {
      const person = await registered();
      const token = await enter(database, new Visitor(site.origin), person);
      await context.addCookies([
        {
          name: fullName(site.origin, SESSION_COOKIE),
          value: token,
          url: site.origin,
          httpOnly: true,
          sameSite: "Lax",
        },
      ]);
      return { ...person, token };
    }),
  ownServer: async ({ emptyDatabase }, use) => {
    const servers: AppServer[] = [];
    await use(async (settings = {}, mode) => {
      const database = settings.DATA_DIR ? {} : await emptyDatabase();
      const server = await startServer({ ...database, ...settings }, mode);
      servers.push(server);
      return server;
    });
    await Promise.all(servers.map((server) => server.stop()));
  },
  ownMailbox: async ({ databaseKind: _ }, use) => {
    const mailbox = new Mailbox();
    await mailbox.start();
    await use(mailbox);
    mailbox.release();
    await mailbox.stop();
  },
  context: async ({ context, baseURL, expectsFailures, providerOrigin }, use) => {
    const faults = watch(context, [String(baseURL), providerOrigin].filter(Boolean), expectsFailures);
    await use(context);
    for (const { value } of await context.cookies()) noteSecret(value);
    expect(faults, "what no page may do, whatever the story is about").toEqual([]);
  },
});

/** For stories about an app of their own: `server` says which, and everything else follows it. */
const testOn = test.extend<{ server: AppServer }>({
  server: ({ sharedServer }, use) => sharedServer().then(use),
  site: ({ server }, use) => use(server),
});

/** For stories that read the log: no other story is told on this app at the same time. */
export { testOn as testAlone };

/** For stories about emails: an app that sends them, and the mail server they come to. */
export const testWithMail = testOn.extend<{ mailbox: Mailbox }>({
  mailbox: ({ sharedMailbox }, use) => use(sharedMailbox),
  server: ({ sharedServer, mailbox }, use) => sharedServer(mailbox.settings).then(use),
});

/** For stories in which the mail server is stopped or says nothing, or the app is killed. */
export const testWithOwnMail = testWithMail.extend({
  mailbox: ({ ownMailbox }, use) => use(ownMailbox),
  server: ({ ownServer, mailbox }, use) => ownServer(mailbox.settings).then(use),
});

/** Marks passwords, so that one in a URL is recognised. */
const PASSWORD_MARK = "open-sesame";

/** The password of all whose account is a row, made anew for every process: it is hashed once. */
const PASSWORD = newPassword();

/** Someone without an account. */
export function newStranger(): Person {
  const name = `Ada-${randomBytes(5).toString("hex")}`;
  const email = `${name.toLowerCase()}@example.com`;
  const password = newPassword();
  for (const secret of [email, password]) noteSecret(secret);
  return { username: name, email, password };
}

function newPassword(): string {
  return `${PASSWORD_MARK} ${randomBytes(9).toString("base64url")}`;
}

/** Someone whose account is a row in this database. */
export function newMember(database: Database, options?: { isVerified?: boolean }): Promise<Member> {
  noteSecret(PASSWORD);
  return rows.newPerson(database, { ...newStranger(), password: PASSWORD }, options);
}

/** Opens a session in this database for someone, and gives the visitor its cookie. */
export async function enter(
  database: Database,
  visitor: Visitor,
  member: Member,
  options?: { isRemembered?: boolean },
): Promise<string> {
  const token = await rows.newSession(database, member, options);
  noteSecret(token);
  visitor.cookies.set(SESSION_COOKIE, token);
  return token;
}

/** Makes an account the way a browser without JavaScript does. */
export async function register(visitor: Visitor, person: Person = newStranger()): Promise<Person> {
  const { username, email, password } = person;
  const answer = await visitor.submit("/register", { username, email, password, confirmation: password });
  expect(answer.location, `registering ${username}: ${answer.status}`).toBe(`${visitor.origin}/login`);
  return person;
}

/** Sends the login form the way a browser without JavaScript does; whether it worked is in the answer. */
export function tryLogIn(
  visitor: Visitor,
  person: Pick<Person, "email" | "password">,
  remember = false,
): Promise<Answer> {
  const { email, password } = person;
  return visitor.submit("/login", { email, password, ...(remember && { remember: "on" }) });
}

export async function logIn(visitor: Visitor, person: Person, remember = false): Promise<Answer> {
  const answer = await tryLogIn(visitor, person, remember);
  expect(visitor.cookies.has(SESSION_COOKIE), `logging ${person.username} in: ${answer.status}`).toBe(true);
  return answer;
}

/** Logs in and leaves the session behind: from now on this browser is one the account knows. No row does that. */
export async function becomeKnown(visitor: Visitor, person: Person): Promise<void> {
  await logIn(visitor, person);
  visitor.cookies.delete(SESSION_COOKIE);
}

/** What opens the session of someone logged in. */
export function sessionToken(visitor: Visitor): string {
  return visitor.cookies.get(SESSION_COOKIE) ?? "";
}

/** Whether the private page opens for this visitor. */
export async function isLoggedIn(visitor: Visitor): Promise<boolean> {
  return (await visitor.get("/account")).status === 200;
}

/** The cookie that a browser with a window has, called without its installation; undefined when it has none. */
export async function cookieIn(context: BrowserContext, name: string) {
  return (await context.cookies()).find((cookie) => shortName(cookie.name) === name);
}

/** A field by its label, whole and exact: "Password" is not "Confirm password". */
export function field(page: Page, label: string): Locator {
  return page.getByLabel(label, { exact: true });
}

export async function fillIn(page: Page, values: Record<string, string>): Promise<void> {
  for (const [label, value] of Object.entries(values)) await field(page, label).fill(value);
}

/** Presses a button of the page itself, not of the navigation above it. */
export async function press(page: Page, name: string): Promise<void> {
  await page.getByRole("main").getByRole("button", { name, exact: true }).click();
}

export async function fillInRegistration(page: Page, { username, email, password }: Person): Promise<void> {
  await fillIn(page, { Username: username, Email: email, Password: password, "Confirm password": password });
}

export async function fillInLogin(
  page: Page,
  { email, password }: Pick<Person, "email" | "password">,
): Promise<void> {
  await fillIn(page, { Email: email, Password: password });
}

export function navigation(page: Page): Locator {
  return page.getByRole("navigation", { name: "Main" });
}

export function heading(page: Page, name: string | RegExp): Locator {
  return page.getByRole("heading", { level: 1, name });
}

/** What the home page says to someone logged in, or to this person. */
export function greetingOf(username?: string): RegExp {
  return new RegExp(`^Welcome( back)?, ${username === undefined ? "" : `${escapeRegExp(username)}$`}`);
}

/** A message a screen reader would speak by itself. */
export function announced(page: Page, role: "status" | "alert", text: string): Locator {
  return page.getByRole(role).filter({ hasText: text });
}

/** Expects the field to be marked wrong and described by exactly this message among its hints. */
export async function expectFieldError(page: Page, label: string, message: string): Promise<void> {
  await expect(field(page, label)).toHaveAttribute("aria-invalid", "true");
  await expect(field(page, label)).toHaveAccessibleDescription(new RegExp(escapeRegExp(message)));
  // By its own element: the meter of a new password may say the same before the server does.
  await expect(page.locator('[id$="-error"]').filter({ hasText: message })).toBeVisible();
}

export function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

/** Collects what every page of every story must refrain from. */
function watch(context: BrowserContext, origins: string[], expectsFailures: boolean): string[] {
  const faults: string[] = [];
  context.on("request", (request) => {
    const url = request.url();
    if (!origins.some((origin) => url.startsWith(`${origin}/`)) && !/^(data|blob):/.test(url))
      faults.push(`asked another site: ${url}`);
    if (/password=|confirmation=|open-sesame/i.test(url)) faults.push(`a password in a URL: ${url}`);
  });
  context.on("response", (response) => {
    if (response.status() >= 500 && !expectsFailures)
      faults.push(`${response.status()} from ${response.url()}`);
  });
  context.on("console", (message) => {
    // A refused or missing page is the browser's own line; the stories look at statuses themselves.
    if (message.type() === "error" && !message.text().startsWith("Failed to load resource"))
      faults.push(`the console says: ${message.text()}`);
  });
  context.on("weberror", (error) => faults.push(`a script failed: ${error.error().message}`));
  return faults;
}
