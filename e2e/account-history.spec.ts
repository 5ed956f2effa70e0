import { randomUUID } from "node:crypto";
import type { Database } from "../lib/testing/look-in";
import {
  enter,
  expect,
  isLoggedIn,
  newMember,
  newStranger,
  SESSION_COOKIE,
  test,
  testWithMail,
  tryLogIn,
} from "./fixtures";
import { linesFor, readForms, textOf, Visitor } from "./support/visitor";

const MINUTE_MS = 60_000;
const DAY_MS = 1440 * MINUTE_MS;

const PATH = "/account/history";
const CSV = "/account/history.csv";
const NOT_ME = "/account/history/not-me";

/** Writes events of an account as they would have come, a minute apart, the newest at `at`. */
async function happened(
  database: Database,
  { id }: { id: string },
  event: string,
  { count = 1, at = Date.now() - DAY_MS, ip = "198.51.100.7", userAgent = "Firefox/140.0 Linux" } = {},
): Promise<void> {
  for (let index = 0; index < count; index++)
    await database.query(
      'INSERT INTO "AuditEvent" ("id", "at", "event", "userId", "ip", "userAgent") VALUES (?, ?, ?, ?, ?, ?)',
      ...[randomUUID(), new Date(at - index * MINUTE_MS), event, id, ip, userAgent],
    );
}

test("someone reads what happened to their account, page by page, and what to do about it", async ({
  page,
  site,
  database,
  loggedIn,
}) => {
  const person = await loggedIn();
  const stranger = new Visitor(site.origin, { "user-agent": "Chrome/140.0 Windows" });
  for (let guess = 0; guess < 2; guess++)
    await tryLogIn(stranger, { ...person, password: newStranger().password });
  const longAgo = Date.now() - 3 * DAY_MS;
  await happened(database, person, "login", { count: 40, at: longAgo });
  await happened(database, person, "account-locked", { at: longAgo - DAY_MS });

  await page.goto("/account");
  await page.getByRole("link", { name: "History" }).click();
  await expect(page).toHaveTitle("History · Latchkey");
  const entries = page.getByRole("region", { name: "History" }).getByRole("listitem");
  await expect(entries).toHaveCount(25);
  await expect(entries.first()).toContainText("2 wrong passwords were typed");
  await expect(entries.first()).toContainText("Chrome on Windows · 198.");
  await expect(entries.first().locator("time")).toHaveAttribute("datetime", /^\d{4}-.+Z$/);
  await expect(entries.nth(1)).toContainText("You registered");
  await expect(entries.nth(2)).toContainText("You logged in");

  await page.getByRole("link", { name: "Older" }).click();
  await expect(entries).toHaveCount(18);
  await expect(entries.last()).toContainText("Your account was locked by the link in a security alert");
  expect(page.url()).not.toContain(person.id);
  await expect(page.getByRole("link", { name: "Older" })).toHaveCount(0);
  await page.getByRole("link", { name: "Newest" }).click();
  await expect(entries).toHaveCount(25);
  await page.goto(`${PATH}?before=garbage`);
  await expect(entries.first()).toContainText("2 wrong passwords were typed");

  await page.getByRole("link", { name: "This wasn’t me" }).click();
  const main = page.getByRole("main");
  await expect(main.getByRole("link", { name: "Choose a new password" })).toHaveAttribute(
    "href",
    "/account/password",
  );
  await expect(main.getByRole("button", { name: "Lock my account" }), "without mail").toHaveCount(0);
  await main.getByRole("button", { name: "End all other sessions" }).click();
  await expect(page).toHaveURL("/account/sessions");
});

test("a history is for its owner alone, as a page and as a file", { tag: "@next" }, async ({
  site,
  database,
}) => {
  const [person, other] = [await newMember(database), await newMember(database)];
  const [visitor, stranger] = [new Visitor(site.origin), new Visitor(site.origin)];
  for (const path of [PATH, CSV, NOT_ME])
    expect((await visitor.get(path)).location, path).toBe(
      `${site.origin}/login?${new URLSearchParams({ callbackUrl: path })}`,
    );
  visitor.cookies.set(SESSION_COOKIE, "A".repeat(43));
  const dead = await visitor.follow(CSV);
  expect(dead.path, "with a session that is over").toBe(
    `/login?${new URLSearchParams({ callbackUrl: PATH })}`,
  );

  const evil = '=HYPERLINK("https://evil.example","x")';
  await happened(database, person, "login", { count: 30, userAgent: evil });
  await happened(database, other, "login", { count: 30, ip: "203.0.113.99" });
  await enter(database, visitor, person);
  await enter(database, stranger, other);
  const file = await visitor.get(CSV, { accept: "text/html", "sec-fetch-dest": "document" });
  expect(file.status).toBe(200);
  expect(file.headers["content-type"]).toMatch(/^text\/csv; ?charset=utf-8/);
  expect(file.headers["content-disposition"]).toBe('attachment; filename="account-history.csv"');
  expect(file.headers["cache-control"]).toContain("no-store");
  expect(file.headers["x-content-type-options"]).toBe("nosniff");
  const lines = file.body.split("\r\n");
  expect(lines, "a head, the registration, the logins, and the end of the last line").toHaveLength(
    1 + 1 + 30 + 1,
  );
  expect(lines[2]).toContain(`,"'=HYPERLINK(""https://evil.example"",""x"")",`);
  expect(file.body).not.toContain("203.0.113.99");

  const older = (answer: { body: string }) => /href="([^"]*\?before=[^"]*)"/.exec(answer.body)?.[1] ?? "";
  const theirs = older(await stranger.get(PATH));
  expect(theirs).not.toBe("");
  const shown = await visitor.get(theirs);
  expect(textOf(shown.body)).toBe(textOf((await visitor.get(PATH)).body));
  for (const before of ["%00", "%FF", "a&before=b", "A".repeat(3000), "' OR 1=1"])
    expect((await visitor.get(`${PATH}?before=${before.replaceAll(" ", "%20")}`)).status, before).toBe(200);
  expect((await visitor.request(CSV, { method: "HEAD" })).status).toBe(200);
  expect([405, 415]).toContain((await visitor.request(CSV, { method: "POST", body: "x" })).status);
});

testWithMail(
  "someone who finds a stranger's login locks the account, and has a way back by email",
  async ({ server, database, mailbox }) => {
    const [owner, thief] = [new Visitor(server.origin), new Visitor(server.origin)];
    const person = await newMember(database, { isVerified: true });
    await enter(database, owner, person);
    await enter(database, thief, person);
    const answer = await owner.submit(NOT_ME, {}, { button: "Lock my account" });
    expect(answer.location).toBe(`${server.origin}/login`);
    expect(linesFor(answer, SESSION_COOKIE).join()).toMatch(/Max-Age=0|Expires=Thu, 01 Jan 1970/);
    expect(textOf((await owner.get("/login")).body)).toContain("Your account is locked");
    expect(await isLoggedIn(thief)).toBe(false);
    await mailbox.latest(person.email, "reset-password");

    const unconfirmed = await newMember(database, { isVerified: false });
    await enter(database, owner, unconfirmed);
    const page = await owner.get(NOT_ME);
    expect(readForms(page.body).filter(({ html }) => html.includes("Lock my account"))).toEqual([]);
    expect(await isLoggedIn(owner)).toBe(true);
  },
);
