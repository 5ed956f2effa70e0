import { randomUUID } from "node:crypto";
import type { Caller } from "../caller";
import { db } from "../db";
import { deliverDue } from "../mail/outbox";
import { openDatabase } from "./look-in";
import { linkIn, type Mail, type Mailbox, type Subject } from "./mail-sink";
import * as person from "./person";

/** Here nobody is without an account. */
export type { Member as Person } from "./person";

/** The password of everybody here. */
export const PASSWORD = "correct horse battery staple";

/** One that nobody has yet. */
export const NEW_PASSWORD = "quite another password";

let lastAddress = 0;

/** Somebody with an address of their own, so that no limit of another test is met. */
export function newCaller(device: string | null = null): Caller {
  const host = ++lastAddress;
  return {
    ip: `10.0.${host >> 8}.${host & 255}`,
    userAgent: "Firefox/140.0 Linux",
    requestId: randomUUID(),
    device,
  };
}

/** An address nobody has, with a capital letter to be kept. */
export const newEmail = () => `Ada-${randomUUID()}@example.com`;

/** Someone with an account and {@link PASSWORD}. */
export function newPerson({ isVerified = true } = {}): Promise<person.Member> {
  const email = newEmail();
  const database = openDatabase(process.env.DATABASE_URL ?? "");
  return person.newPerson(database, { username: email, email, password: PASSWORD }, { isVerified });
}

/** The secret in a letter's link. */
export function tokenIn(mail: Mail): string {
  return new URL(linkIn(mail), "http://latchkey.invalid").searchParams.get("token") ?? "";
}

/** The newest of at least `count` letters of a subject to someone, sent just now. */
export async function letterTo(email: string, subject: Subject, mailbox: Mailbox, count = 1): Promise<Mail> {
  await deliverDue();
  return mailbox.latest(email, subject, count);
}

/** What an account's history has, the first first. */
export async function eventsOf({ id: userId }: Pick<person.Member, "id">): Promise<string[]> {
  const events = await db.auditEvent.findMany({ where: { userId }, orderBy: { at: "asc" } });
  return events.map(({ event }) => event);
}
