import { randomUUID } from "node:crypto";
import { deliverDue, isMailDelayed } from "../../mail/delivery";
import { enqueueEmail, waitingEmails } from "../../mail/outbox";
import { db } from "../../platform/db";
import { DAY_MS } from "../../shared/units";
import type { Mailbox } from "../mail-sink";
import { database, emailFor } from "./at-home";

export async function walk(mailbox: Mailbox): Promise<void> {
  for (const [to, list] of [
    ["refused@example.com", mailbox.refused],
    ["later@example.com", mailbox.deferred],
  ] as const) {
    list.add(to);
    await enqueueEmail(emailFor(to), db);
  }
  await database.query(
    'INSERT INTO "OutboxEmail" ("id", "sealed", "dueAt", "expiresAt") VALUES (?, ?, ?, ?)',
    randomUUID(),
    "sealed with another secret",
    new Date(0),
    new Date(Date.now() + DAY_MS),
  );
  await deliverDue();
  await isMailDelayed();
  await waitingEmails();
}
