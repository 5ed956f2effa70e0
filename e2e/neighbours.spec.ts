import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { openDatabase } from "../lib/testing/look-in";
import {
  announced,
  enter as enterAt,
  expect,
  FLASH_COOKIE,
  fillInLogin,
  heading,
  isLoggedIn,
  navigation,
  newMember,
  press,
  SESSION_COOKIE,
  test as story,
} from "./fixtures";
import { fullName } from "./support/cookie-jar";
import type { AppServer } from "./support/server";
import type { Site } from "./support/sites";
import { Visitor } from "./support/visitor";

/** As a release before there were names of installations called it. */
const FORMER = SESSION_COOKIE;

/** An app on another port of the site's host, with the site's secret. */
const test = story.extend<{ there: AppServer }>({
  there: async ({ site, sharedServer }, use) => {
    const secret = await readFile(join(site.dataDir, "auth-secret"), "utf8");
    await use(await sharedServer({ AUTH_SECRET: secret.trim() }));
  },
});

const memberOf = ({ databaseUrl }: Site) => newMember(openDatabase(databaseUrl));

test("two apps on two ports of one host, with one secret: someone logs in to both, and no page or log-out of the one touches the other", async ({
  browser,
  extraHTTPHeaders,
  site: here,
  there,
}) => {
  expect(here.installation).not.toBe(there.installation);
  const context = await browser.newContext({ extraHTTPHeaders });
  const page = await context.newPage();
  const people = [await memberOf(here), await memberOf(there)];
  for (const [index, { origin }] of [here, there].entries()) {
    const person = people[index] as (typeof people)[0];
    await page.goto(`${origin}/account`);
    await expect(announced(page, "status", "Please log in")).toBeVisible();
    await fillInLogin(page, person);
    await press(page, "Log in");
    await expect(page.getByText(person.email)).toBeVisible();
  }
  // A message that waits at the one is neither shown nor taken by the other.
  const waiting = { value: "account-created", url: here.origin, httpOnly: true, sameSite: "Lax" } as const;
  await context.addCookies([{ ...waiting, name: fullName(here.origin, FLASH_COOKIE) }]);
  await page.goto(`${there.origin}/account`);
  await expect(page.getByText(String(people[1]?.email))).toBeVisible();
  await expect(page.locator("[data-flash]")).toHaveCount(0);
  await page.goto(`${here.origin}/account`);
  await expect(page.getByText(String(people[0]?.email))).toBeVisible();
  await expect(page.locator('[data-flash="account-created"]')).toBeVisible();

  await navigation(page).getByRole("button", { name: "Log out" }).click();
  await expect(announced(page, "status", "You are logged out.")).toBeVisible();
  await page.goto(`${here.origin}/account`);
  await expect(heading(page, "Log in")).toBeVisible();
  await page.goto(`${there.origin}/account`);
  await expect(page.getByText(String(people[1]?.email))).toBeVisible();
  await context.close();
});

test("a session under a former name goes on until a log-out ends it, and no cookie of a neighbour is touched", async ({
  site: here,
  visitor,
  registered,
  enter,
  there,
}) => {
  const neighbour = new Visitor(there.origin);
  const elsewhere = await enterAt(openDatabase(there.databaseUrl), neighbour, await memberOf(there));
  const neighbours = Array.from(
    { length: 8 },
    (_, n) => `latchkey.0000000${n}.session=${randomBytes(32).toString("base64url")}`,
  );
  const member = await registered();

  for (const former of [FORMER, "latchkey.0123abcd.session"]) {
    const token = await enter(visitor, member, { isRemembered: true });
    visitor.cookies.clear();
    const cookie = [
      ...neighbours,
      `${fullName(there.origin, SESSION_COOKIE)}=${elsewhere}`,
      `${former}=${token}`,
    ].join("; ");
    const answer = await visitor.get("/account", { cookie });
    expect(answer.status, former).toBe(200);
    expect(answer.setCookies).toEqual([]);
    const session = await visitor.get("/api/auth/session", { cookie });
    expect(JSON.parse(session.body), former).toMatchObject({ user: { email: member.email } });
    expect((await visitor.get("/login", { cookie })).location).toBe(`${here.origin}/`);

    const loggedOut = await visitor.send("/account", answer, {}, { button: "Log out", headers: { cookie } });
    expect(
      loggedOut.setCookies.map((line) => line.split("=", 1)[0]),
      former,
    ).not.toContain(former);
    expect((await visitor.get("/account", { cookie })).status, former).not.toBe(200);
  }

  // The neighbour's, by either of its names: no session here, and no answer sets or clears it.
  for (const name of [FORMER, fullName(there.origin, SESSION_COOKIE)]) {
    for (const path of ["/account", "/login", "/", "/session-ended"]) {
      const { status, location, setCookies } = await new Visitor(here.origin).get(path, {
        cookie: `${name}=${elsewhere}`,
      });
      if (path === "/account") expect(location).toContain("/session-ended?callbackUrl");
      else expect(status).toBeLessThan(400);
      expect(setCookies.filter((line) => line.startsWith(`${name}=`))).toEqual([]);
    }
  }
  expect(await isLoggedIn(neighbour)).toBe(true);
});
