/**
 * Does what the server does in the background, at a line that names it, and prints how long that took, in milliseconds. Before
 * each pass it makes the work: rows that have expired, accounts to erase, or emails that are due. Its argument is how many accounts there are.
 */
import { randomUUID } from "node:crypto";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { purge } from "../accounts/clean-up";
import { deliverDue } from "../mail/delivery";
import { enqueueEmail } from "../mail/outbox";
import { db } from "../platform/db";
import { DAY_MS, SECOND_MS } from "../shared/units";

/** Expired sessions, and twice as many events, for each clean-up. */
const EXPIRED = 2_000;

/** Accounts to be erased, for each clean-up. */
const ERASED = 5;

/** Emails for each delivery. */
const DUE = 10;

/** Looks into the outbox where nothing is due, as there is one every few seconds. */
const LOOKS = 50;

const accounts = Number(process.argv[2]);
const longAgo = new Date(Date.now() - 400 * DAY_MS);

/** The ids of so many accounts from all over the table; some of them again where there are fewer. */
async function someAccounts(count: number): Promise<string[]> {
  const [step, from] = [accounts / count, Math.random()];
  const names = Array.from({ length: count }, (_, nth) => `m${Math.floor((nth + from) * step) % accounts}`);
  const users = await db.user.findMany({
    where: { usernameCanonical: { in: names } },
    select: { id: true, usernameCanonical: true },
  });
  const ids = new Map(users.map(({ id, usernameCanonical }) => [usernameCanonical, id]));
  return names.flatMap((name) => ids.get(name) ?? []);
}

function newLeaver() {
  const name = `leaver-${randomUUID()}`;
  const email = `${name}@example.com`;
  return { username: name, usernameCanonical: name, email, emailCanonical: email, deleteAt: longAgo };
}

const countDue = () => db.outboxEmail.count({ where: { dueAt: { lte: new Date() } } });

interface Pass {
  prepare(): Promise<unknown>;
  work(): Promise<unknown>;
  /** How much of the work is left, which has to be nothing. */
  left(): Promise<number>;
}

const PASSES: Record<string, Pass> = {
  "clean-up": {
    async prepare() {
      const userIds = await someAccounts(EXPIRED);
      const session = (userId: string) => ({ tokenHash: randomUUID(), userId, expiresAt: longAgo });
      await db.session.createMany({ data: userIds.map(session) });
      const event = (userId: string) => ({ event: "login", userId, at: longAgo });
      await db.auditEvent.createMany({ data: [...userIds, ...userIds].map(event) });
      await db.user.createMany({ data: Array.from({ length: ERASED }, newLeaver) });
      while ((await db.lease.count({ where: { expiresAt: { gt: new Date() } } })) > 0) await delay(SECOND_MS);
    },
    work: () => purge(),
    left: async () =>
      (await db.session.count({ where: { expiresAt: longAgo } })) +
      (await db.user.count({ where: { deleteAt: longAgo } })),
  },
  outbox: {
    async prepare() {
      const expiresAt = new Date(Date.now() + DAY_MS);
      for (let index = 0; index < DUE; index++) {
        const to = `m${index}@example.com`;
        await enqueueEmail({ to, subject: "A pass", text: "text", html: "html", expiresAt }, db);
      }
    },
    work: () => deliverDue(),
    left: countDue,
  },
  looks: {
    prepare: async () => {},
    async work() {
      for (let look = 0; look < LOOKS; look++) await deliverDue();
    },
    left: countDue,
  },
};

for await (const name of createInterface({ input: process.stdin })) {
  const pass = PASSES[name];
  if (!pass) throw new Error(`There is no pass ${name}.`);
  await pass.prepare();
  const start = performance.now();
  await pass.work();
  const ms = performance.now() - start;
  const left = await pass.left();
  if (left > 0) throw new Error(`The ${name} has left ${left} rows.`);
  console.log(ms);
}
process.exit(); // the database's connections would keep it
