import { randomBytes } from "node:crypto";
import { type BrowserContext, test as base, expect, type Locator, type Page } from "playwright/test";
import { createDatabase, type Database, type DatabaseKind, openDatabase } from "./support/database";
import { Mailbox } from "./support/mailbox";
import { noteSecret } from "./support/secrets";
import { type AppServer, removeFolder, type Settings, startServer, temporaryFolder } from "./support/server";
import { type Site, siteOn } from "./support/sites";
import { newAddress, type Reply, Visitor } from "./support/visitor";

export { expect };

/** The session cookie's name on plain http. */
export const SESSION_COOKIE = "latchkey.session";
export const FLASH_COOKIE = "latchkey.flash";

export interface Options {
  databaseKind: DatabaseKind;
  /** True in a story about failures, where an answer of 500 or above is no surprise. */
  expectsFailures: boolean;
}

export interface Person {
  username: string;
  email: string;
  password: string;
}

interface Fixtures {
  site: Site;
  database: Database;
  /** Someone with a browser without a window: for what no browser would send or show. */
  visitor: Visitor;
  /** Someone who has an account and is not logged in. */
  registered: () => Promise<Person>;
  /** Someone with an account, logged in where this story's pages open. */
  loggedIn: (options?: { remember?: boolean }) => Promise<Person & { token: string }>;
  /** Settings for an empty database of this story's kind: the embedded one in a new folder, or one in the cluster. */
  emptyDatabase: () => Promise<Settings>;
  /** The app once more, on an empty database of its own unless `settings` name one; it ends with the story. */
  ownServer: (...how: Parameters<typeof startServer>) => Promise<AppServer>;
  /** A mail server of the story's own; `ownServer(mailbox.settings)` sends its letters there. */
  mailbox: Mailbox;
}

export const test = base.extend<Options & Fixtures>({
  databaseKind: ["sqlite", { option: true }],
  expectsFailures: [false, { option: true }],
  site: ({ databaseKind }, use) => use(siteOn(databaseKind)),
  baseURL: ({ site }, use) => use(site.origin),
  extraHTTPHeaders: ({ databaseKind: _ }, use) => use({ "x-forwarded-for": newAddress() }),
  database: ({ site }, use) => use(openDatabase(site.databaseUrl)),
  visitor: ({ site }, use) => use(new Visitor(site.origin)),
  registered: ({ site }, use) => use(() => register(new Visitor(site.origin))),
  loggedIn: ({ site, context, registered }, use) =>
    use(async ({ remember = false } = {}) => {
      const person = await registered();
      const visitor = new Visitor(site.origin);
      await logIn(visitor, person, remember);
      const token = sessionToken(visitor);
      await context.addCookies([
        { name: SESSION_COOKIE, value: token, url: site.origin, httpOnly: true, sameSite: "Lax" },
      ]);
      return { ...person, token };
    }),
  emptyDatabase: async ({ databaseKind, site }, use) => {
    const folders: string[] = [];
    await use(async () => {
      const DATA_DIR = await temporaryFolder("data");
      folders.push(DATA_DIR);
      return {
        DATA_DIR,
        DATABASE_URL: databaseKind === "postgres" ? await createDatabase(site.databaseUrl) : undefined,
      };
    });
    for (const folder of folders) await removeFolder(folder);
  },
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
  mailbox: async ({ databaseKind: _ }, use) => {
    const mailbox = new Mailbox();
    await mailbox.start();
    await use(mailbox);
    mailbox.release();
    await mailbox.stop();
  },
  context: async ({ context, baseURL, expectsFailures }, use) => {
    const faults = watch(context, String(baseURL), expectsFailures);
    await use(context);
    for (const { value } of await context.cookies()) noteSecret(value);
    expect(faults, "what no page may do, whatever the story is about").toEqual([]);
  },
});

/** For stories about letters: each has an app of its own that sends them to a mail server of its own. */
export const testWithMail = test.extend<{ server: AppServer }>({
  server: async ({ ownServer, mailbox }, use) => use(await ownServer(mailbox.settings)),
  baseURL: ({ server }, use) => use(server.origin),
});

/** Marks passwords, so that one in a URL is recognised. */
const PASSWORD_MARK = "open-sesame";

/** Someone nobody knows yet. */
export function newUser(): Person {
  const name = `Ada-${randomBytes(5).toString("hex")}`;
  const email = `${name.toLowerCase()}@example.com`;
  const password = `${PASSWORD_MARK} ${randomBytes(9).toString("base64url")}`;
  for (const secret of [email, password]) noteSecret(secret);
  return { username: name, email, password };
}

/** Makes an account the way a browser without JavaScript does. */
export async function register(visitor: Visitor, person: Person = newUser()): Promise<Person> {
  const { username, email, password } = person;
  const reply = await visitor.submit("/register", { username, email, password, confirmation: password });
  expect(reply.location, `registering ${username}: ${reply.status}`).toBe(`${visitor.origin}/login`);
  return person;
}

/** Sends the login form the way a browser without JavaScript does; whether it worked is in the reply. */
export function tryLogIn(
  visitor: Visitor,
  person: Pick<Person, "email" | "password">,
  remember = false,
): Promise<Reply> {
  const { email, password } = person;
  return visitor.submit("/login", { email, password, ...(remember && { remember: "on" }) });
}

export async function logIn(visitor: Visitor, person: Person, remember = false): Promise<Reply> {
  const reply = await tryLogIn(visitor, person, remember);
  expect(visitor.cookies.has(SESSION_COOKIE), `logging ${person.username} in: ${reply.status}`).toBe(true);
  return reply;
}

/** Logs in and leaves the session behind: from now on this browser is one the account knows. */
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

/** A message a screen reader would speak by itself. */
export function announced(page: Page, role: "status" | "alert", text: string): Locator {
  return page.getByRole(role).filter({ hasText: text });
}

/** Expects the field to be marked wrong and described by exactly this message among its hints. */
export async function expectFieldError(page: Page, label: string, message: string): Promise<void> {
  await expect(field(page, label)).toHaveAttribute("aria-invalid", "true");
  await expect(field(page, label)).toHaveAccessibleDescription(new RegExp(escapeRegExp(message)));
  await expect(page.getByText(message)).toBeVisible();
}

export function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

/** Collects what every page of every story must refrain from. */
function watch(context: BrowserContext, origin: string, expectsFailures: boolean): string[] {
  const faults: string[] = [];
  context.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(`${origin}/`) && !/^(data|blob):/.test(url))
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
