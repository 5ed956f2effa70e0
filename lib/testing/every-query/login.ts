import { randomBytes } from "node:crypto";
import { findLastLogin } from "../../accounts/last-login";
import { reAuthenticate } from "../../accounts/login/re-authenticate";
import { setEmail } from "../../accounts/set-email";
import { db } from "../../platform/db";
import { record } from "../../security/audit";
import { adoptBrowser, rememberBrowser } from "../../security/known-browsers";
import { consumeLogin } from "../../security/rate-limits/login-limits";
import * as sessions from "../../security/sessions";
import { HISTORY_ROWS_PER_DAY, KNOWN_BROWSERS_MAX, SESSIONS_MAX } from "../../shared/limits";
import { enter, logIn, newClient, newEmail, newPerson, PASSWORD } from "../people";
import { change } from "../session-rows";
import { atHome, database } from "./at-home";

export async function walk(): Promise<void> {
  const person = await newPerson({ cost: 4 });
  const client = newClient();
  await logIn(person.email, "not the password", client);
  await logIn(person.email, PASSWORD, client);
  const { token, session, client: known } = await atHome(person);
  await logIn(person.email, "not the password", known);
  await logIn(person.email, PASSWORD, known);
  await enter(person);
  await enter(person);
  await findLastLogin(session);
  await sessions.findLiveTokens([token]);
  await sessions.touchSession({ ...session, lastSeenAt: new Date(0) });
  await adoptBrowser(token, randomBytes(32).toString("base64url"));
  await reAuthenticate(session, token, { password: PASSWORD, secondFactor: null }, known);
  for (let opened = 0; opened <= SESSIONS_MAX; opened++) await sessions.openSession(person.id, false, client);
  for (let seen = 0; seen <= KNOWN_BROWSERS_MAX; seen++) await rememberBrowser(person.id, newClient(), db);
  for (let kept = 0; kept <= HISTORY_ROWS_PER_DAY; kept++)
    await record("login", { userId: person.id }, client);
  const idle = await sessions.openSession(person.id, false, client);
  await change(database, idle.token, { expiresAt: new Date(0) });
  await sessions.removeExpiredSession(idle.token);
  const attempt = await consumeLogin(newEmail(), null, newClient());
  if (attempt.ok) await attempt.succeed();
  await db.$transaction((tx) => setEmail(person.id, newEmail(), new Date(), tx));
}
