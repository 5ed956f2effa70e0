import type { Page } from "playwright/test";
import {
  announced,
  expect,
  fillInLogin,
  fillInRegistration,
  greetingOf,
  heading,
  navigation,
  newStranger,
  press,
  test,
} from "./fixtures";

test("from registration to logout nothing is kept in the browser but cookies", async ({ page }) => {
  const person = newStranger();
  await page.goto("/register");
  await fillInRegistration(page, person);
  await expectNothingStored(page);
  await press(page, "Register");
  await expect(heading(page, "Log in")).toBeVisible();
  await expectNothingStored(page);
  await fillInLogin(page, person);
  await press(page, "Log in");
  await expect(heading(page, greetingOf())).toBeVisible();
  await expectNothingStored(page);
  await page.goto("/account");
  await expect(heading(page, "Account")).toBeVisible();
  await expectNothingStored(page);
  await navigation(page).getByRole("button", { name: "Log out" }).click();
  await expect(announced(page, "status", "You are logged out.")).toBeVisible();
  await expectNothingStored(page);
  expect(await page.evaluate(() => document.cookie)).toBe("");
});

test("no page listens to other windows or writes to them", async ({ page, loggedIn }) => {
  await page.addInitScript(() => {
    const spoken: string[] = [];
    Object.assign(window, { latchkeySpoken: spoken });
    const listen = window.addEventListener.bind(window);
    window.addEventListener = (type: string, ...rest: [EventListenerOrEventListenerObject]) => {
      if (type === "message") spoken.push("listens");
      listen(type, ...rest);
    };
    window.postMessage = () => void spoken.push("writes");
  });
  await loggedIn();
  for (const path of ["/", "/account", "/nowhere"]) await expectSilence(page, path);
  await page.context().clearCookies();
  for (const path of ["/login", "/register"]) await expectSilence(page, path);
});

async function expectSilence(page: Page, path: string): Promise<void> {
  await page.goto(path); // to its load event, which comes after its scripts
  const spoken = await page.evaluate(() => [
    ...(window as unknown as { latchkeySpoken: string[] }).latchkeySpoken,
    ...(window.onmessage ? ["listens"] : []),
  ]);
  expect(spoken, path).toEqual([]);
}

async function expectNothingStored(page: Page): Promise<void> {
  const stored = await page.evaluate(async () => ({
    local: Object.keys(localStorage),
    session: Object.keys(sessionStorage),
    databases: (await indexedDB.databases()).map(({ name }) => name),
    caches: await caches.keys(),
    workers: (await navigator.serviceWorker.getRegistrations()).length,
  }));
  expect(stored).toEqual({ local: [], session: [], databases: [], caches: [], workers: 0 });
}
