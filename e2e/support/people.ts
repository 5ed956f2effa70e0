import { randomBytes } from "node:crypto";
import { type BrowserContext, expect } from "playwright/test";
import type { Database } from "../../lib/testing/look-in";
import type { Member, Person } from "../../lib/testing/person";
import * as rows from "../../lib/testing/person";
import { shortName } from "./cookie-jar";
import { noteSecret } from "./secrets";
import type { Answer, Visitor } from "./visitor";

/** The names of cookies on plain http, without the installation; a `Visitor` knows them by these too. */
export const SESSION_COOKIE = "latchkey.session";
export const FLASH_COOKIE = "latchkey.flash";

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
