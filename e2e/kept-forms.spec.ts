import type { Database } from "../lib/testing/look-in";
import {
  announced,
  cookieIn,
  expect,
  field,
  fillIn,
  fillInLogin,
  heading,
  type Member,
  newStranger,
  press,
  SESSION_COOKIE,
  testWithMail as test,
} from "./fixtures";
import { expectNoBarriers } from "./support/axe";
import { linesFor, readForms, textOf } from "./support/visitor";

const PAGE = "/account/email";
const KEPT_COOKIE = "latchkey.kept";
const SAYS = "Here is what you had typed, passwords apart";
const SENT = "We sent an email to the new address.";

/** An action that this build does not have. */
const GONE = { "$ACTION_1:0": JSON.stringify({ id: `60${"b".repeat(40)}`, bound: "$@1" }) };

const endSessions = (database: Database, { id }: Member) =>
  database.query('DELETE FROM "Session" WHERE "userId" = ?', id);

const rows = (database: Database) => database.query<{ sealed: string }>('SELECT * FROM "KeptForm"');

test("someone whose session ended elsewhere sends a form, logs in, and finds it as it was", async ({
  page,
  context,
  database,
  loggedIn,
}) => {
  const person = await loggedIn();
  const { email } = newStranger();
  await page.goto(PAGE);
  await fillIn(page, { "New email": email, "Current password": person.password });
  await endSessions(database, person);
  await press(page, "Send the link");
  await expect(announced(page, "status", "Please log in to access this page.")).toBeVisible();
  expect(await cookieIn(context, KEPT_COOKIE)).toMatchObject({ httpOnly: true, sameSite: "Lax" });

  await fillInLogin(page, person);
  await press(page, "Log in");
  await expect(page).toHaveURL(PAGE);
  await expect(announced(page, "status", SAYS)).toBeVisible();
  await expect(field(page, "New email")).toHaveValue(email);
  await expect(field(page, "Current password")).toHaveValue("");
  await expectNoBarriers(page);
  await fillIn(page, { "Current password": person.password });
  await press(page, "Send the link");
  await expect(announced(page, "status", SENT)).toBeVisible();
  await page.goto(PAGE);
  await expect(field(page, "New email"), "shown once").toHaveValue("");
  await expect(page.getByText(SAYS)).toHaveCount(0);
});

test("another person who logs in in that browser finds nothing, and the cookie goes", async ({
  page,
  registered,
  loggedIn,
}) => {
  const [other, person] = [await registered(), await loggedIn()];
  const { email } = newStranger();
  await page.goto(PAGE);
  await fillIn(page, { "New email": email, "Current password": person.password });
  await page.context().clearCookies(); // as a browser that was closed
  await press(page, "Send the link");
  await expect(heading(page, "Log in")).toBeVisible();
  await fillInLogin(page, other);
  await press(page, "Log in");
  await expect(page).toHaveURL(PAGE);
  await expect(field(page, "New email")).toHaveValue("");
  await expect(page.getByText(SAYS)).toHaveCount(0);
  expect(await page.content()).not.toContain(email);
  expect(await cookieIn(page.context(), KEPT_COOKIE)).toBeUndefined();
});

test("a form without a session is kept for whom its page was made, in the browser that sent it", {
  tag: "@next",
}, async ({ site, visitor, database, registered, enter }) => {
  const [person, other] = [await registered(), await registered()];
  const { email } = newStranger();
  const typed = { email, password: person.password };
  const token = await enter(visitor, person);
  const { page } = await visitor.follow(PAGE);
  await enter(visitor, other);
  const foreign = await visitor.follow(PAGE);
  const value = async () => {
    const shown = await visitor.follow(PAGE);
    return readForms(shown.page.body).flatMap(({ fields }) => fields.get("email") ?? []);
  };

  for (const [cookie, isActionGone] of [
    [undefined, false],
    [token, false],
    [undefined, true],
    [token, true],
  ] as const) {
    visitor.cookies.clear();
    if (cookie !== undefined) visitor.cookies.set(SESSION_COOKIE, cookie);
    await endSessions(database, person);
    const extra = isActionGone ? GONE : {};
    let answer = await visitor.send(PAGE, page, typed, { extra });
    if (isActionGone) {
      expect(answer.status, "the browser sends the form on").toBe(307);
      answer = await visitor.send(answer.location?.replace(site.origin, "") ?? "", page, typed, { extra });
    }
    expect(answer.status).toBe(303);
    expect(linesFor(answer, KEPT_COOKIE).join()).toMatch(/Max-Age=1800; .*HttpOnly/i);
    const { path } = await visitor.follow(answer.location ?? "");
    expect(path).toBe(`/login?callbackUrl=${encodeURIComponent(PAGE)}`);
    for (const { sealed } of await rows(database))
      for (const text of Object.values(typed))
        expect(Buffer.from(sealed, "base64url").toString("latin1")).not.toContain(text);
    await enter(visitor, person);
    expect(await value(), `with ${cookie}`).toEqual([email]);
    expect(await value()).toEqual([""]);
  }

  const nothingFrom = async (what: string, send: () => Promise<unknown>) => {
    visitor.cookies.clear();
    await send();
    expect(visitor.cookies.has(KEPT_COOKIE), what).toBe(false);
    await enter(visitor, person);
    expect(await value(), what).toEqual([""]);
  };
  const from = (headers: Record<string, string>) => () => visitor.send(PAGE, page, typed, { headers });
  await nothingFrom("another site", from({ origin: "https://evil.example", "sec-fetch-site": "cross-site" }));
  await nothingFrom("a sibling", from({ origin: "null", "sec-fetch-site": "same-site" }));
  for (const mark of ["", "A".repeat(45)])
    await nothingFrom(`the mark ${mark}`, () =>
      visitor.send(PAGE, page, typed, { extra: { $reader: mark } }),
    );

  visitor.cookies.clear();
  await visitor.send(PAGE, foreign.page, typed); // somebody else's page, left open
  expect(visitor.cookies.has(KEPT_COOKIE)).toBe(true);
  await enter(visitor, person);
  const shown = await visitor.follow(PAGE);
  expect(textOf(shown.page.body)).not.toContain(SAYS);
  expect(shown.page.body).not.toContain(email);

  visitor.cookies.clear();
  await visitor.send(PAGE, page, typed);
  await database.query('UPDATE "KeptForm" SET "expiresAt" = ?', new Date(Date.now() - 1000));
  await enter(visitor, person);
  expect(await value(), `too late at ${site.origin}`).toEqual([""]);
});
