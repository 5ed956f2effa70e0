import { expect } from "vitest";
import * as sessions from "../../security/sessions";
import { DAY_MS } from "../../shared/units";
import { openDatabase } from "../look-in";
import { enter, newClient, type Person } from "../people";

/** The database, past the code that is watched. */
export const database = openDatabase(process.env.DATABASE_URL ?? "");

/** Someone logged in, in a browser of their own. */
export async function atHome(person: Person) {
  const login = await enter(person);
  if (!login.ok) return expect.fail("not logged in");
  const { token } = login.session;
  const session = (await sessions.findSession(token)) ?? (await sessions.findLeavingSession(token));
  if (!session) return expect.fail("no session");
  const client = { ...newClient(), browserToken: login.browserToken };
  return { person, token, session, client, asker: { user: person, sessionToken: token } };
}

/** An email with nothing in it. */
export const emailFor = (to: string) => {
  return { to, subject: "", text: "", html: "", expiresAt: new Date(Date.now() + DAY_MS) };
};
