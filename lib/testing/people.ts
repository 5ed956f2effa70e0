import { randomUUID } from "node:crypto";
import { admit, type LoginOutcome } from "../accounts/login/admit";
import { logInWithPassword } from "../accounts/login/log-in-with-password";
import type { Asker } from "../accounts/login/prove-holder";
import { PROVEN_COLUMNS, type ProvenUser } from "../accounts/login/prove-password";
import { deliverDue } from "../mail/delivery";
import type { ClientInfo } from "../platform/client-info";
import { hashToken } from "../platform/crypto/token";
import { db } from "../platform/db";
import { openSession } from "../security/sessions";
import { openDatabase } from "./look-in";
import { linkIn, type Mail, type Mailbox, type Subject } from "./mail-sink";
import * as person from "./person";

/** A person of these tests always has an account. */
export type { Member as Person } from "./person";

/** The password of every person here. */
export const PASSWORD = "correct horse battery staple";

/** Its hash at the app's own cost, so that no test file has to make one. */
const PASSWORD_HASH = "$2b$12$R9TTK.6ZxiZncjPYewvgK./c9JPhOE2I1mmvatftPqNGf5Cs/xvlK";

/** One that no person here has yet. */
export const NEW_PASSWORD = "quite another password";

let lastAddress = 0;

/** A client with an IP address of its own, so that no limit of another test is met. */
export function newClient(browserToken: string | null = null): ClientInfo {
  const host = ++lastAddress;
  return {
    ip: `10.0.${host >> 8}.${host & 255}`,
    userAgent: "Firefox/140.0 Linux",
    requestId: randomUUID(),
    browserToken,
  };
}

/** An address without an account, with a capital letter to be kept. */
export const newEmail = () => `Ada-${randomUUID()}@example.com`;

/** Someone with an account and {@link PASSWORD}. */
export function newPerson({
  isVerified = true,
  cost,
}: {
  isVerified?: boolean;
  cost?: number;
} = {}): Promise<person.Member> {
  const email = newEmail();
  const database = openDatabase(process.env.DATABASE_URL ?? "");
  const hash = cost === undefined ? { passwordHash: PASSWORD_HASH } : { cost };
  return person.newPerson(database, { username: email, email, password: PASSWORD }, { isVerified, ...hash });
}

/** Logs in from a browser of its own, as the form does. */
export function logIn(email: string, password = PASSWORD, client = newClient()): Promise<LoginOutcome> {
  return logInWithPassword({ email, password, remember: false, previousSessionToken: null }, client);
}

/** What a right password proves, without the work of comparing it. */
export async function proven({ id }: Pick<person.Member, "id">): Promise<ProvenUser> {
  const user = await db.user.findUniqueOrThrow({
    where: { id },
    select: PROVEN_COLUMNS,
  });
  return { ...user, passwordHash: user.passwordHash ?? "" };
}

/** Logs in as {@link logIn} does, past the password: for tests that only need somebody who has logged in. */
export async function enter(member: Pick<person.Member, "id">, client = newClient()): Promise<LoginOutcome> {
  return admit(await proven(member), "password", client, { isRemembered: false, previousSessionToken: null });
}

/** A browser in which nobody is logged in, with what was typed as the password. */
export const visitorWith = (password: string | null): Asker => ({
  userId: null,
  sessionToken: null,
  password,
});

/** A browser in which someone is logged in. */
export const loggedInAs = (
  { id: userId }: Pick<person.Member, "id">,
  password: string | null = null,
): Asker => ({
  userId,
  sessionToken: null,
  password,
});

/** The secret in an email's link. */
export function tokenIn(mail: Mail): string {
  return new URL(linkIn(mail), "http://latchkey.invalid").searchParams.get("token") ?? "";
}

/** The newest of at least `count` emails of a subject to someone, sent just now. */
export async function emailTo(email: string, subject: Subject, mailbox: Mailbox, count = 1): Promise<Mail> {
  await deliverDue();
  return mailbox.latest(email, subject, count);
}

/** The events in an account's history since it was registered, oldest first. */
export async function eventsOf({ id: userId }: Pick<person.Member, "id">): Promise<string[]> {
  const events = await db.auditEvent.findMany({
    where: { userId, event: { not: "registered" } },
    orderBy: { at: "asc" },
  });
  return events.map(({ event }) => event);
}

/** A session of someone, as a request that came with it knows it. */
export async function sessionOf({ id }: Pick<person.Member, "id">) {
  const { token } = await openSession(id, false, newClient());
  const row = await db.session.findUniqueOrThrow({
    where: { tokenHash: hashToken(token) },
    select: { id: true },
  });
  return { id: row.id, user: { id } };
}
