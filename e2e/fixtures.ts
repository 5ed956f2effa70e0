import { randomBytes } from "node:crypto";
import { test as base, expect } from "playwright/test";
import { type Database, openDatabase } from "../lib/testing/look-in";
import { Mailbox } from "../lib/testing/mail-sink";
import type { Member, Person } from "../lib/testing/person";
import { createDatabase } from "../lib/testing/postgres";
import { removeFolder, temporaryFolder } from "../lib/testing/temporary-folder";
import { fullName } from "./support/cookie-jar";
import { enter, newMember, SESSION_COOKIE } from "./support/people";
import { noteSecret } from "./support/secrets";
import { type AppServer, type Settings, startServer } from "./support/server";
import { type Site, type SiteKind, siteOn } from "./support/sites";
import { newAddress, Visitor } from "./support/visitor";
import { watch } from "./support/watch";

export * from "./support/page";
export * from "./support/people";

export type { Member, Person };
export { expect };

/** What a scheduler shows to an app that sends emails. */
export const TASKS_SECRET = "what a scheduler knows, and no visitor does";

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
  /** A mail server for all the stories of a worker. A story that stops it or holds it lets it go on. */
  sharedMailbox: Mailbox;
  /** Apps that were started at once on one empty database and send emails, for all the stories of a worker. */
  instances: [AppServer, AppServer, AppServer];
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
  instances: [
    async ({ emptyDatabase, sharedMailbox }, use) => {
      const settings = { ...(await emptyDatabase()), ...sharedMailbox.settings };
      const start = () => startServer(settings);
      const instances: [AppServer, AppServer, AppServer] = await Promise.all([start(), start(), start()]);
      await use(instances);
      await Promise.all(instances.map((server) => server.stop()));
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

/**
 * For stories about emails: an app that sends them, and the mail server they come to. Where `server` is another app,
 * everything else follows it.
 */
export const testWithMail = test.extend<{ server: AppServer; mailbox: Mailbox }>({
  mailbox: ({ sharedMailbox }, use) => use(sharedMailbox),
  server: ({ sharedServer, mailbox }, use) => sharedServer({ ...mailbox.settings, TASKS_SECRET }).then(use),
  site: ({ server }, use) => use(server),
});

/** For stories that read the log: no other story is told on this app at the same time. A worker starts one such app. */
export { testWithMail as testAlone };
