import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isDatabaseUnavailable } from "../platform/db/errors";
import { migrate } from "../platform/db/migrations/migrate";
import { runsOn } from "../testing/database";
import { openDatabase } from "../testing/look-in";
import {
  commitOnStandbyToo,
  type PostgresServer,
  type Standby,
  startPostgres,
  startStandby,
} from "../testing/postgres";
import { openStableAddress, type StableAddress } from "../testing/stable-address";

/** People who register at the same time. */
const AT_ONCE = 4;

/** Registrations answered before the standby hears nothing more, and again after it has taken over. */
const ANSWERED = 12;

/** For a busy machine: all of it takes a second. */
const PATIENCE = { timeout: 30_000 };

describe.runIf(runsOn() === "postgres")("a failover to a standby that every commit waits for", () => {
  let primary: PostgresServer;
  let standby: Standby;
  let address: StableAddress; // where the app finds its database
  let link: StableAddress; // where the standby finds what it follows

  beforeAll(async () => {
    primary = await startPostgres();
    await migrate(primary.url);
    [address, link] = [await openStableAddress(primary.url), await openStableAddress(primary.url)];
    standby = await startStandby(link.url);
  });
  afterAll(() => Promise.all([primary?.stop(), standby?.stop(), address?.close(), link?.close()]));

  it("loses no registration that was acknowledged and none of its emails, and the app goes on by itself", async () => {
    await commitOnStandbyToo(primary.url);
    await expect.poll(() => standbysIn(primary.url), PATIENCE).toEqual([{ sync_state: "sync" }]);
    const people = await registerForEver(address.url);
    await people.acknowledged(ANSWERED);

    link.silence();
    const before = people.told.length;
    // Each of them waits for the standby now; those to whom the server would have said yes all the same are lost below.
    const areCutOff = async () =>
      (await waitingForStandby(primary.url)) === AT_ONCE || people.told.length > before + ANSWERED;
    await expect.poll(areCutOff, PATIENCE).toBe(true);
    await standby.promote();
    address.leadTo(standby.url);
    await people.acknowledged(ANSWERED);
    await people.stop();

    const database = openDatabase(standby.url);
    const rows = await database.query<{ email: string }>('SELECT "email" FROM "User"');
    const kept = new Set(rows.map(({ email }) => email));
    expect(people.told.filter((email) => !kept.has(email))).toEqual([]);
    expect(await database.query('SELECT "id" FROM "OutboxEmail"')).toHaveLength(kept.size);
    expect(people.untold.length, "some were told to try again").toBeGreaterThan(0);
  });
});

function standbysIn(url: string) {
  return openDatabase(url).query("SELECT sync_state FROM pg_stat_replication");
}

/** Registrations that wait until the standby has them. */
async function waitingForStandby(url: string): Promise<number> {
  const waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
  return (await openDatabase(url).query(waiting)).length;
}

/** Registers people without pause in the database at this address, until it is told to stop. */
async function registerForEver(databaseUrl: string) {
  Object.assign(process.env, {
    DATABASE_URL: databaseUrl,
    SMTP_URL: "smtp://127.0.0.1:9",
    MAIL_FROM: "latchkey@example.com",
  });
  // Only now: they read those settings as they load.
  const [{ register }, { newClient, PASSWORD }] = await Promise.all([
    import("./register"),
    import("../testing/people"),
  ]);
  const [told, untold]: [string[], string[]] = [[], []];
  const waiting = new Set<{ at: number; resolve: () => void }>();
  let isOver = false;

  async function registerOne(): Promise<void> {
    const username = `u${randomUUID().slice(0, 12)}`;
    const email = `${username}@example.com`;
    try {
      const outcome = await register(
        { username, email, password: PASSWORD, confirmation: PASSWORD },
        newClient(),
      );
      expect(outcome).toEqual({ ok: true });
      told.push(email);
    } catch (error) {
      if (!isDatabaseUnavailable(error)) throw error;
      untold.push(email);
    }
    for (const wait of waiting) if (told.length >= wait.at) wait.resolve();
  }
  const all = Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      while (!isOver) await registerOne();
    }),
  );
  return {
    told,
    untold,
    /** Resolves when so many more have been told that they have an account. */
    acknowledged: (more: number) =>
      Promise.race([
        new Promise<void>((resolve) => waiting.add({ at: told.length + more, resolve })),
        all.then(() => {}), // which ends early only with what went wrong
      ]),
    async stop(): Promise<void> {
      isOver = true;
      await all;
    },
  };
}
