import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Page, Route } from "playwright/test";
import {
  announced,
  escapeRegExp,
  expect,
  expectFieldError,
  field,
  fillIn,
  fillInRegistration,
  heading,
  newStranger,
  press,
  test,
} from "./fixtures";
import { expectNoBarriers } from "./support/axe";
import { textOf } from "./support/visitor";

const withoutScript = { tag: "@no-js" };

const COMMON = "That password is among the most common ones. Please choose a different one.";
/** Where the meter asks the server about its list. */
const RANGES = "/api/common-passwords";

const NEARLY = "That password is a common one with small changes. Please choose a different one.";

test(
  "a common password is refused at its field, and another one is accepted",
  withoutScript,
  async ({ page }) => {
    const person = newStranger();
    await page.goto("/register");
    await fillInRegistration(page, { ...person, password: "Sunshine" });
    await press(page, "Register");
    await expectFieldError(page, "Password", COMMON);
    await expect(field(page, "Password")).toHaveValue("");
    await expect(field(page, "Username")).toHaveValue(person.username);

    await fillIn(page, { Password: person.password, "Confirm password": person.password });
    await press(page, "Register");
    await expect(heading(page, "Log in")).toBeVisible();
  },
);

for (const [what, passwordOf, message] of [
  ["a common password with a year", () => "Dragon2026!", NEARLY],
  ["the username", ({ username }) => `${username}!`, "your username"],
  ["the email", ({ email }) => email.toUpperCase(), "close to it"],
  ["the name of the site", () => "L@tchk3y2026", "the name of this site"],
] as [string, (person: ReturnType<typeof newStranger>) => string, string][])
  test(`the form refuses ${what} as a password`, async ({ visitor, database }) => {
    const person = newStranger();
    const password = passwordOf(person);
    const { username, email } = person;
    const answer = await visitor.submit("/register", { username, email, password, confirmation: password });
    expect(answer.status).toBe(200);
    expect(textOf(answer.body)).toContain(message);
    expect(await database.query('SELECT "id" FROM "User" WHERE "emailCanonical" = ?', email)).toEqual([]);
  });

test("the meter follows the typing, in words too, and has no barriers", async ({ page }) => {
  await page.goto("/register");
  const password = field(page, "Password");
  for (const [typed, level, words] of [
    ["sesame7", 0, "Too short."],
    ["sunshine", 0, `Not accepted. ${COMMON}`],
    ["2031-11-22x", 1, "Weak. Dates are easy to guess."],
    ["kitten tree", 2, "Fair."],
    ["horse-rainbow", 3, "Good."],
    ["correct horse battery staple", 4, "Strong."],
  ] as const) {
    await password.fill(typed);
    await expect(meter(page)).toHaveAttribute("data-strength", String(level));
    await expect(meter(page)).toContainText(words);
    await expect(page.getByRole("status").filter({ hasText: `Password strength: ${words}` })).toHaveCount(1);
  }
  await expectNoBarriers(page);
  expect(await page.locator("main [style]").count()).toBe(0);
  await password.fill("");
  await expect(meter(page)).toHaveCount(0);
});

test("a translated page keeps up with the typing: the meter's words and the errors", async ({ page }) => {
  await page.goto("/register");
  await expect(page.getByRole("button", { name: "Show password" })).toBeVisible();
  await page.evaluate(translate);
  const password = field(page, "Password");
  for (const [typed, words] of [
    ["sunshine", `Not accepted. ${COMMON}`],
    ["2031-11-22x", "Weak. Dates are easy to guess."],
    ["kitten tree", "Fair."],
    ["correct horse battery staple", "Strong."],
  ] as const) {
    await password.fill(typed);
    await expect(meter(page)).toHaveText(new RegExp(`^${escapeRegExp(words)}`));
    await expect(announced(page, "status", `Password strength: ${words}`)).toHaveCount(1);
  }
  const name = field(page, "Username");
  for (const [typed, message] of [
    ["a", "Use at least 2 characters."],
    ["a!", "Use only letters a–z, digits, dots, dashes and underscores."],
    ["admin", "That username is reserved. Please choose a different one."],
  ] as const) {
    await name.fill(typed);
    await name.blur();
    await expect(page.locator("#username-error")).toHaveText(message);
  }
  await password.fill("");
  await expect(meter(page)).toHaveCount(0);
});

test("the meter knows the name typed beside it, before and after", async ({ page }) => {
  const { username } = newStranger();
  await page.goto("/register");
  await fillIn(page, { Password: `${username}!` });
  await expect(meter(page)).not.toContainText("Not accepted");
  await fillIn(page, { Username: username });
  await expect(meter(page)).toContainText("Not accepted. That password is your username or close to it.");
});

test("a pasted password is measured", async ({ page, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.goto("/register");
  await page.evaluate(() => navigator.clipboard.writeText("correct horse battery staple"));
  await field(page, "Password").focus();
  await page.keyboard.press("ControlOrMeta+V");
  await expect(field(page, "Password")).toHaveValue("correct horse battery staple");
  await expect(meter(page)).toContainText("Strong.");
});

test("the meter makes room for the field's error, comes back with the next try, and stays when the server refuses something else", async ({
  page,
  registered,
}) => {
  const { email } = await registered();
  await page.goto("/register");
  await fillInRegistration(page, { ...newStranger(), password: "sunshine" });
  await expect(meter(page)).toBeVisible();
  await press(page, "Register");
  await expectFieldError(page, "Password", COMMON);
  await expect(meter(page)).toHaveCount(0);
  const password = "correct horse battery staple";
  await fillIn(page, { Email: email, Password: password, "Confirm password": password });
  await expect(meter(page)).toContainText("Strong.");
  await press(page, "Register");
  await expectFieldError(page, "Email", "That email is taken.");
  await expect(meter(page)).toBeVisible();
  await fillIn(page, { Password: "" });
  await expect(meter(page)).toHaveCount(0);
});

test("nothing of the meter is loaded before the password is used, and then less than half a megabyte", async ({
  page,
}) => {
  const bytes: number[] = [];
  page.on("response", async (response) => {
    if (response.url().endsWith(".js")) bytes.push((await response.body()).length);
  });
  await page.goto("/register");
  await fillIn(page, { Username: "ada", Email: "ada@example.com" });
  await page.waitForLoadState("networkidle");
  expect(Math.max(...bytes)).toBeLessThan(400_000);
  const before = bytes.length;
  const loaded = () => bytes.slice(before).reduce((sum, size) => sum + size, 0);
  await fillIn(page, { Password: "correct horse battery staple" });
  await expect(meter(page)).toContainText("Strong.");
  expect(Math.max(...bytes.slice(before))).toBeGreaterThan(150_000); // the common words
  expect(loaded()).toBeLessThan(500_000);
});

test("the meter asks about a password by the beginning of a hash, and praises nothing that is refused", async ({
  page,
}) => {
  const asked: string[] = [];
  page.on("request", (request) => {
    const { pathname, search } = new URL(request.url());
    if (!pathname.startsWith(RANGES)) return;
    expect(request.method() + pathname + search).toBe(`GET${RANGES}`);
    asked.push(request.headers()["password-range"] ?? "");
    expect(`${request.url()} ${request.postData() ?? ""}`).not.toMatch(/ss563563ss|ichliebedi/);
  });
  await page.goto("/register");
  for (const password of ["ss563563ss", "ichliebedi"]) {
    await fillIn(page, { Password: password });
    await expect(meter(page)).toContainText(`Not accepted. ${COMMON}`);
    await expect(meter(page)).toHaveAttribute("data-strength", "0");
    await fillIn(page, { Password: "" });
    await expect(meter(page)).toHaveCount(0);
  }
  await fillIn(page, { Password: "correct horse battery staple" });
  await expect(meter(page)).toContainText("Strong.");
  expect(asked).toHaveLength(3);
  expect(asked[0]).toMatch(/^[0-9a-f]{8}\/[0-9a-f]{3}$/);
});

test("a range of common passwords has one length and is kept by nobody; what is none is not found", {
  tag: "@servers",
}, async ({ visitor, registered, enter }) => {
  const { list } = JSON.parse(
    await readFile(join(import.meta.dirname, "../lib/shared/common-words.json"), "utf8"),
  );
  const ask = (range: string) => visitor.get(RANGES, { "password-range": range });
  await enter(visitor, await registered()); // a session without the cookie of a known browser, which a page would set
  const range = { "password-range": `${list}/a1f`, "accept-encoding": "gzip" };
  for (const headers of [range, { ...range, "sec-fetch-site": "cross-site", "sec-fetch-dest": "document" }]) {
    const answer = await visitor.get(RANGES, headers);
    expect(answer.status).toBe(200);
    expect(answer.headers["cache-control"]).toBe("no-store, no-transform");
    expect(answer.headers["content-encoding"], "its length would tell which one it is").toBeUndefined();
    expect(answer.headers["content-type"]).toBe("text/plain; charset=utf-8");
    expect(answer.setCookies).toEqual([]);
  }
  const [one, other] = [await ask(`${list}/a1f`), await ask(`${list}/000`)];
  expect(other.body).not.toBe(one.body);
  expect(other.body).toHaveLength(one.body.length);
  for (const range of [
    `${list}/a1`,
    `${list}/a1f0`,
    `${list}/a1f/`,
    `${list}/xyz`,
    `${list}/A1F`,
    `${list}/../..`,
    list,
    "00000000/a1f",
    "",
  ]) {
    const answer = await ask(range);
    expect(answer.status, range).toBe(404);
    expect(answer.headers["cache-control"], range).toContain("no-store");
  }
  expect((await visitor.get(RANGES)).status).toBe(404);
  expect((await visitor.get(`${RANGES}/${list}/a1f`)).status, "an address would be logged").toBe(404);
});

test("a password is asked about once its typing rests, and no beginning of it is", async ({ page }) => {
  let asked = 0;
  page.on("request", (request) => {
    if (request.url().endsWith(RANGES)) asked++;
  });
  await page.goto("/register");
  await fillIn(page, { Password: "horse-rainbow" });
  await expect(meter(page)).toContainText("Good.");
  expect(asked).toBe(1);
  await field(page, "Password").press("End");
  await field(page, "Password").pressSequentially("-tulips", { delay: 300 }); // slower than the meter looks
  await expect(meter(page)).toContainText("Strong.");
  expect(asked).toBe(2);
});

test.describe(() => {
  test.use({ expectsFailures: true });

  test("before the server's answer and without one, the meter praises nothing", async ({ page }) => {
    let answer = () => {};
    const held = new Promise<void>((resolve) => {
      answer = resolve;
    });
    await page.route(`**${RANGES}`, async (route) => {
      await held;
      await route.continue();
    });
    await page.goto("/register");
    const asked = page.waitForRequest(`**${RANGES}`);
    await fillIn(page, { Password: "correct horse battery staple" });
    await asked;
    await expect(meter(page)).toContainText("Checking.");
    await expect(meter(page)).toHaveAttribute("data-strength", "0");
    answer();
    await expect(meter(page)).toContainText("Strong.");

    await page.unrouteAll();
    for (const [fail, password] of [
      [(route) => route.abort(), "seven quartz umbrellas"],
      [(route) => route.fulfill({ status: 503 }), "eleven copper vessels"],
      [(route) => route.fulfill({ status: 200, body: "Log in to this network" }), "thirteen maple harbours"],
    ] as [(route: Route) => Promise<void>, string][]) {
      await page.route(`**${RANGES}`, fail);
      await fillIn(page, { Password: password });
      await expect(meter(page)).toContainText("Not measured.");
      await expect(meter(page)).toHaveAttribute("data-strength", "0");
      await page.unrouteAll();
      await fillIn(page, { Password: `${password}!` }); // or the next one would find these words here
      await expect(meter(page)).toContainText("Strong.");
    }

    // As over plain http, where browsers do not hash.
    await page.addInitScript(() => Object.defineProperty(Crypto.prototype, "subtle", { value: undefined }));
    await page.reload();
    await fillIn(page, { Password: "correct horse battery staple" });
    await expect(meter(page)).toContainText("Not measured.");
  });
});

test("without the meter's files the form does its work all the same", async ({ page }) => {
  await page.goto("/register");
  await page.route("**/_next/static/**", (route) => route.abort());
  const person = newStranger();
  await fillInRegistration(page, person);
  await press(page, "Register");
  await expect(page).toHaveURL("/login");
});

test("without a script there is no meter, and the rule is on the field", async ({ visitor }) => {
  const { body } = await visitor.get("/register");
  expect(body).not.toContain("data-strength");
  const [input = ""] = /<input[^>]*\bid="password"[^>]*>/.exec(body) ?? [];
  expect(input).toContain('minLength="8"');
  expect(input).toContain('autoComplete="new-password"');
  expect(input).toContain('passwordrules="minlength: 8; maxlength: 72; allowed: ascii-printable;"');
  expect(input).not.toMatch(/\bmaxlength="/i);
});

test("in forced colours and with less motion the bar is visible and does not move", async ({ page }) => {
  await page.emulateMedia({ forcedColors: "active", reducedMotion: "reduce" });
  await page.goto("/register");
  await fillIn(page, { Password: "kitten tree" });
  await expect(meter(page)).toContainText("Fair.");
  const bar = meter(page).locator("span.rounded-full");
  await expect(bar).toHaveCount(4);
  const steps = await bar.evaluateAll((all) =>
    all.map((step) => {
      const { backgroundColor, borderTopWidth, transitionDuration } = getComputedStyle(step);
      return { backgroundColor, borderTopWidth, seconds: Number.parseFloat(transitionDuration) };
    }),
  );
  for (const { borderTopWidth, seconds } of steps) {
    expect(borderTopWidth).toBe("1px");
    expect(seconds).toBeLessThanOrEqual(0.001);
  }
  expect(steps[0]?.backgroundColor).toBe(steps[1]?.backgroundColor);
  expect(steps[1]?.backgroundColor).not.toBe(steps[2]?.backgroundColor);
});

function meter(page: Page) {
  return page.locator("[data-strength]");
}

/** Does to the page what a browser's translation does: every text is taken out of its node and put into two elements. */
function translate(): void {
  const wrap = (root: Node) => {
    const texts = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    const found: Text[] = [];
    while (texts.nextNode()) found.push(texts.currentNode as Text);
    for (const text of found) {
      const parent = text.parentElement;
      if (!parent || text.data.trim() === "" || parent.closest("font, script, style")) continue;
      const [outer, inner] = [document.createElement("font"), document.createElement("font")];
      inner.textContent = text.data;
      outer.append(inner);
      text.replaceWith(outer);
    }
  };
  wrap(document.body);
  const options = { childList: true, characterData: true, subtree: true };
  new MutationObserver(() => wrap(document.body)).observe(document.body, options);
}
