import { hashOf, sessionRow } from "../lib/testing/session-rows";
import { announced, expect, isLoggedIn, navigation, sessionToken, test, tryLogIn } from "./fixtures";
import { textOf, Visitor } from "./support/visitor";

const PATH = "/account/sessions";

const PHONE =
  "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile/15E148 Safari/604.1";

test("someone finds a session they do not know and ends it; then all others, and last this one", {
  tag: ["@no-js"],
}, async ({ page, javaScriptEnabled, site, database, loggedIn, enter }) => {
  const person = await loggedIn();
  const [thief, tablet] = [new Visitor(site.origin), new Visitor(site.origin)];
  await enter(thief, person, { isRemembered: true });
  await enter(tablet, person);
  await database.query(
    'UPDATE "Session" SET "ip" = ?, "userAgent" = ? WHERE "tokenHash" = ?',
    "198.51.100.7",
    PHONE,
    hashOf(sessionToken(thief)),
  );

  await page.goto("/account");
  await page.getByRole("link", { name: "Sessions" }).click();
  await expect(page).toHaveTitle("Sessions · Latchkey");
  const sessions = page.getByRole("region", { name: "Sessions" }).getByRole("listitem");
  await expect(sessions).toHaveCount(3);
  await expect(sessions.first()).toContainText("This device");
  const unknown = sessions.filter({ hasText: "Safari on an iPhone" });
  await expect(unknown).toContainText("198.51.100.7 · remembered");
  await expect(unknown.locator("time").first()).toHaveAttribute("datetime", /^\d{4}-.+Z$/);
  await expect(unknown.locator("time").first()).toHaveAttribute("title", /^\d+ \w+ \d{4} at [\d:]{8} UTC$/);
  await unknown.getByRole("button", { name: "End session" }).click();
  await expect(announced(page, "status", "That session is over")).toBeVisible();
  await expect(sessions).toHaveCount(2);
  expect(await isLoggedIn(thief)).toBe(false);
  expect(await isLoggedIn(tablet)).toBe(true);

  const endOthers = page.getByRole("link", { name: "End all other sessions" });
  await endOthers.click();
  const question = javaScriptEnabled
    ? page.getByRole("dialog", { name: "End all other sessions?" })
    : page.getByRole("region", { name: "End all other sessions?" });
  await expect(question).toContainText("Every browser but this one has to log in again.");
  if (javaScriptEnabled) {
    await page.keyboard.press("Escape");
    await expect(question).toBeHidden();
    await expect(endOthers).toBeFocused();
    await endOthers.click();
  }
  await question.getByText("Cancel").click();
  await expect(question).toBeHidden();
  await expect(sessions).toHaveCount(2);
  await endOthers.click();
  await question.getByRole("button", { name: "End all other sessions" }).click();
  await expect(announced(page, "status", "All other sessions are over")).toBeVisible();
  await expect(sessions).toHaveCount(1);
  expect(await isLoggedIn(tablet)).toBe(false);
  await expect(endOthers).toHaveCount(0);

  await sessions.first().getByRole("button", { name: "Log out" }).click();
  await expect(announced(page, "status", "You are logged out.")).toBeVisible();
  await expect(navigation(page).getByRole("link", { name: "Log in" })).toBeVisible();
  await page.goto(PATH);
  await expect(page).toHaveURL(`/login?callbackUrl=${encodeURIComponent(PATH)}`);
});

test("nobody ends a session that is not theirs, by whatever id, and their own is a log-out", async ({
  site,
  database,
  registered,
  enter,
}) => {
  const [person, other] = [await registered(), await registered()];
  const [owner, second, stranger] = [1, 2, 3].map(() => new Visitor(site.origin)) as [
    Visitor,
    Visitor,
    Visitor,
  ];
  await enter(owner, person);
  await enter(second, person);
  await enter(stranger, other);
  const idOf = async (visitor: Visitor) => (await sessionRow(database, sessionToken(visitor))).id;
  const [own, theirs] = [await idOf(owner), await idOf(stranger)];

  const page = await owner.get(PATH);
  expect(page.headers["cache-control"]).toContain("no-store");
  expect(page.body).not.toContain(theirs);
  for (const visitor of [owner, second, stranger])
    for (const secret of [sessionToken(visitor), hashOf(sessionToken(visitor))])
      expect(page.body).not.toContain(secret);

  for (const id of [theirs, "0".repeat(36), "", "\0", "' OR '1'='1", "🔑".repeat(5000), undefined]) {
    const answer = await owner.send(PATH, page, { id: id ?? "" }, { button: "End session" });
    expect(answer.location, String(id).slice(0, 40)).toBe(site.origin + PATH);
    expect(textOf((await owner.get(PATH)).body)).toContain("That session is not there any more.");
  }
  for (const headers of [
    { origin: "https://evil.example" },
    { "sec-fetch-site": "cross-site", origin: "null" },
  ])
    expect((await owner.send(PATH, page, { id: own }, { button: "End session", headers })).status).toBe(403);
  // A page of one person does nothing for another.
  const crossed = await stranger.send(PATH, page, { id: theirs }, { button: "End session" });
  expect(crossed.location, "nothing was done").toBeNull();
  for (const visitor of [owner, second, stranger]) expect(await isLoggedIn(visitor)).toBe(true);

  const out = await owner.send(PATH, page, { id: own }, { button: "End session" });
  expect(out.location).toBe(`${site.origin}/`);
  expect(textOf((await owner.get("/")).body)).toContain("You are logged out.");
  expect(await isLoggedIn(second)).toBe(true);
});

test("a browser that is forgotten is one the account does not know", async ({
  site,
  database,
  registered,
}) => {
  const person = await registered();
  const visitor = new Visitor(site.origin, { "user-agent": PHONE });
  await tryLogIn(visitor, person);
  const known = async () =>
    (await database.query('SELECT "id" FROM "KnownBrowser" WHERE "userId" = ?', person.id)).length;
  expect(await known()).toBe(1);
  const page = await visitor.get(PATH);
  expect(textOf(page.body)).toMatch(/Safari on an iPhone This browser/);
  const answer = await visitor.send(PATH, page, {}, { button: "Forget" });
  expect(answer.location).toBe(site.origin + PATH);
  const after = textOf((await visitor.get(PATH)).body);
  expect(after).toContain("That browser is forgotten.");
  expect(after).toContain("No browser is known.");
  expect(await known()).toBe(0);
  expect(await isLoggedIn(visitor)).toBe(true);
});
