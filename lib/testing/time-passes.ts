/**
 * Does what the server does in the background, at a line that names it, and prints how long that took, in milliseconds. Before
 * each pass it makes the work: rows that have expired, or emails that are due.
 */
import { randomUUID } from "node:crypto";
import { createInterface } from "node:readline";
import { purge } from "../accounts/clean-up";
import { deliverDue, enqueueEmail } from "../mail/outbox";
import { db } from "../platform/db";
import { DAY_MS } from "../shared/units";

/** Expired sessions, and twice as many events, for each clean-up. */
const EXPIRED = 2_000;

/** Emails for each look into the outbox. */
const DUE = 20;

const { id: userId } = await db.user.findFirstOrThrow({ select: { id: true } });
const longAgo = new Date(Date.now() - 400 * DAY_MS);

const PASSES: Record<string, { prepare(): Promise<unknown>; work(): Promise<unknown> }> = {
  "clean-up": {
    async prepare() {
      const session = () => ({ tokenHash: randomUUID(), userId, expiresAt: longAgo });
      await db.session.createMany({ data: Array.from({ length: EXPIRED }, session) });
      const event = () => ({ event: "login", userId, at: longAgo });
      await db.auditEvent.createMany({ data: Array.from({ length: 2 * EXPIRED }, event) });
    },
    work: () => purge(),
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
  },
};

for await (const name of createInterface({ input: process.stdin })) {
  const pass = PASSES[name];
  if (!pass) throw new Error(`There is no pass ${name}.`);
  await pass.prepare();
  const start = performance.now();
  await pass.work();
  console.log(performance.now() - start);
}
process.exit(); // the database's connections would keep it
