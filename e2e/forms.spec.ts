import type { Page, Request } from "playwright/test";
import {
  announced,
  expect,
  expectFieldError,
  field,
  fillIn,
  fillInLogin,
  fillInRegistration,
  greetingOf,
  heading,
  navigation,
  newStranger,
  press,
  test,
} from "./fixtures";
import { readForms } from "./support/visitor";

const withoutScript = { tag: "@no-js" };

const SCRIPTS = /\/_next\/static\/.*\.js/;

test("an empty form is told what is missing before anything is sent", async ({ page }) => {
  const posts = watchPosts(page);
  await open(page, "/register");
  await press(page, "Register");
  await expectFieldError(page, "Username", "Choose a username.");
  await expectFieldError(page, "Email", "Enter your email address.");
  await expectFieldError(page, "Password", "Choose a password.");
  await expectFieldError(page, "Confirm password", "Type the password again.");
  await expect(field(page, "Username")).toBeFocused();
  expect(posts).toEqual([]);
});

test("the browser and the server use the same words", async ({ page, visitor }) => {
  const wrong = { username: "a", email: "ada", password: "short", confirmation: "other" };
  const { body } = await visitor.submit("/register", wrong);
  const posts = watchPosts(page);
  await open(page, "/register");
  await fillIn(page, { Username: "a", Email: "ada", Password: "short", "Confirm password": "other" });
  await press(page, "Register");
  for (const name of ["username", "email", "password", "confirmation"]) {
    const error = page.locator(`#${name}-error`);
    await expect(error).toBeVisible();
    expect(body).toContain((await error.textContent())?.trim());
  }
  expect(posts).toEqual([]);
});

test("a mistake put right is forgiven at once", async ({ page }) => {
  const posts = watchPosts(page);
  await open(page, "/register");
  await fillIn(page, { Username: "a" });
  await press(page, "Register");
  await expectFieldError(page, "Username", "Use at least 2 characters.");
  await fillIn(page, { Username: "ada" });
  await expect(page.getByText("Use at least 2 characters.")).toBeHidden();
  await expect(field(page, "Username")).not.toHaveAttribute("aria-invalid", "true");
  expect(posts).toEqual([]);
});

test("the first wrong field gets the focus, not one that is right", async ({ page }) => {
  await open(page, "/register");
  await fillInRegistration(page, { ...newStranger(), password: "short" });
  await press(page, "Register");
  await expectFieldError(page, "Password", "Use at least 8 characters.");
  await expect(field(page, "Password")).toBeFocused();
  await expect(field(page, "Username")).not.toHaveAttribute("aria-invalid", "true");
});

test("a field the server refuses gets the focus too", async ({ page, registered }) => {
  const { email } = await registered();
  await open(page, "/register");
  await fillInRegistration(page, { ...newStranger(), email });
  await press(page, "Register");
  await expectFieldError(page, "Email", "That email is taken. Please choose a different one.");
  await expect(field(page, "Email")).toBeFocused();
});

test(
  "what was typed stays: a password, too, which without a script the page asks for again",
  withoutScript,
  async ({ page, registered, javaScriptEnabled }) => {
    const taken = await registered();
    const person = { ...newStranger(), email: taken.email };
    await page.goto("/register");
    await fillInRegistration(page, person);
    await press(page, "Register");
    await expectFieldError(page, "Email", "That email is taken.");
    await expect(field(page, "Username")).toHaveValue(person.username);
    await expect(field(page, "Email")).toHaveValue(person.email);
    for (const label of ["Password", "Confirm password"]) {
      await expect(field(page, label)).toHaveValue(javaScriptEnabled ? person.password : "");
      const again = /Please type it again/;
      if (javaScriptEnabled) await expect(field(page, label)).not.toHaveAccessibleDescription(again);
      else await expect(field(page, label)).toHaveAccessibleDescription(again);
    }
    const ways = page.locator("#email-error").getByRole("link", { name: "Log in" });
    await expect(ways, "for a person whose own address it is").toHaveAttribute("href", "/login");

    const free = newStranger();
    await fillIn(page, { Email: free.email });
    if (!javaScriptEnabled)
      await fillIn(page, { Password: person.password, "Confirm password": person.password });
    await press(page, "Register");
    await expect(heading(page, "Log in")).toBeVisible();
    await expect(field(page, "Email"), "as it was registered").toHaveValue(free.email);
    await expect(field(page, "Password")).toBeFocused();
  },
);

test("no answer carries a password back", async ({ visitor, registered }) => {
  const taken = await registered();
  const { username, password } = newStranger();
  const registration = await visitor.submit("/register", {
    username,
    email: taken.email,
    password,
    confirmation: password,
  });
  expect(registration.body).not.toContain(password);
  const login = await visitor.submit("/login", { email: taken.email, password });
  expect(login.body).not.toContain(password);
});

test("the box stays ticked when the password was wrong", withoutScript, async ({ page, registered }) => {
  const { email } = await registered();
  await page.goto("/login");
  await fillInLogin(page, { email, password: newStranger().password });
  await field(page, "Remember me").check();
  await press(page, "Log in");
  await expect(announced(page, "alert", "Login Unsuccessful")).toBeVisible();
  await expect(field(page, "Remember me")).toBeChecked();
});

for (const { path, button, busy, fill } of [
  { path: "/register", button: "Register", busy: "Registering…", fill: fillInRegistration },
  { path: "/login", button: "Log in", busy: "Logging in…", fill: fillInLogin },
])
  test(`while the server works at ${path} the button says so and a second press does nothing`, async ({
    page,
  }) => {
    const posts = watchPosts(page);
    const release = await hold(page, (request) => request.method() === "POST");
    await open(page, path);
    await fill(page, newStranger());
    const width = await mainButton(page, button).evaluate((element) => element.getBoundingClientRect().width);
    await press(page, button);
    const working = mainButton(page, busy);
    await expect(working).toBeVisible();
    await expect(working).toHaveAttribute("aria-disabled", "true");
    expect(await working.evaluate((element) => element.getBoundingClientRect().width)).toBeCloseTo(width, 0);
    await working.click({ force: true });
    await page.keyboard.press("Enter");
    release();
    await expect(working).toBeHidden();
    expect(posts).toHaveLength(1);
  });

test("someone quicker than the scripts registers and logs in", async ({ page }) => {
  await page.route(SCRIPTS, (route) => route.abort());
  const posts = watchPosts(page);
  const person = newStranger();
  await page.goto("/register");
  await fillInRegistration(page, person);
  await press(page, "Register");
  await expect(heading(page, "Log in")).toBeVisible();
  await fillInLogin(page, person);
  await press(page, "Log in");
  await expect(heading(page, greetingOf(person.username))).toBeVisible();
  await navigation(page).getByRole("button", { name: "Log out" }).click();
  await expect(announced(page, "status", "You are logged out.")).toBeVisible();
  expect(posts).toHaveLength(3);
});

test("what is typed while the scripts load is kept when they have", async ({ page }) => {
  const release = await hold(page, (request) => SCRIPTS.test(request.url()));
  const person = newStranger();
  await page.goto("/register", { waitUntil: "commit" });
  await fillInRegistration(page, person);
  await field(page, "Confirm password").fill("open-sesame of another kind");
  release();
  await hydrated(page);
  await expect(field(page, "Username")).toHaveValue(person.username);
  await expect(field(page, "Password")).toHaveValue(person.password);
  await press(page, "Register");
  await expectFieldError(page, "Confirm password", "The two passwords differ.");
  await expect(page.getByText("Choose a username.")).toBeHidden();
});

test("every form is a POST before any script runs", async ({ visitor, registered, enter }) => {
  const forms = async (path: string) => readForms((await visitor.get(path)).body);
  const visitors = [...(await forms("/register")), ...(await forms("/login"))];
  expect(visitors.length).toBeGreaterThanOrEqual(2);
  await enter(visitor, await registered());
  const members = await forms("/account");
  expect(members.length).toBeGreaterThanOrEqual(1);
  for (const { method } of [...visitors, ...members]) expect(method).toBe("POST");
});

test("a form filled in through the address stays empty", async ({ visitor }) => {
  const query = new URLSearchParams({ username: "eve", email: "eve@evil.example", remember: "on" });
  for (const path of ["/register", "/login"]) {
    const [form] = readForms((await visitor.get(`${path}?${query}`)).body).filter(({ fields }) =>
      fields.has("email"),
    );
    expect(form?.fields.get("email")).toBe("");
    expect(form?.fields.get("remember") ?? null).toBeNull();
  }
});

test("Enter sends a form", async ({ page, registered }) => {
  const person = await registered();
  await page.goto("/login");
  await fillInLogin(page, person);
  await field(page, "Password").press("Enter");
  await expect(heading(page, greetingOf(person.username))).toBeVisible();
});

test("a password typed while the server refuses the one before it stays", async ({ page }) => {
  await open(page, "/register");
  await fillInRegistration(page, { ...newStranger(), password: "sunshine" });
  const release = await hold(page, (request) => request.method() === "POST");
  await press(page, "Register");
  await expect(page.getByRole("button", { name: "Registering…" })).toBeVisible();
  const { password } = newStranger();
  await fillIn(page, { Password: password });
  await release();
  await expect(field(page, "Confirm password"), "which was refused").toHaveValue("");
  await expect(field(page, "Password")).toHaveValue(password);
});

test("a password can be looked at, and hides again when it is sent", async ({ page }) => {
  await open(page, "/login");
  await fillInLogin(page, newStranger());
  await page.getByRole("button", { name: "Show password" }).click();
  await expect(field(page, "Password")).toHaveAttribute("type", "text");
  await expect(page.getByRole("button", { name: "Hide password" })).toBeVisible();
  await press(page, "Log in");
  await expect(announced(page, "alert", "Login Unsuccessful")).toBeVisible();
  await expect(field(page, "Password")).toHaveAttribute("type", "password");
});

test("a page older than the site opens anew when its form is sent, with what was typed", async ({ page }) => {
  const { username, email, password } = newStranger();
  await open(page, "/register");
  await page.route("**/register", (route, request) => {
    const headers = request.headers();
    if ("next-action" in headers) headers["next-action"] = `60${"0".repeat(40)}`;
    return route.continue({ headers });
  });
  await fillIn(page, { Username: username, Email: email, Password: password, "Confirm password": password });
  await press(page, "Register");
  await expect(page.getByText("This site was updated while your page was open")).toBeVisible();
  await expect(field(page, "Username")).toHaveValue(username);
  await expect(field(page, "Email")).toHaveValue(email);
  await expect(field(page, "Password")).toHaveValue("");
});

const known = {
  "/register": [
    { label: "Username", type: "text", autocomplete: /^(username|nickname)$/ },
    { label: "Email", type: "text", autocomplete: /^email$/ },
    { label: "Password", type: "password", autocomplete: /^new-password$/ },
    { label: "Confirm password", type: "password", autocomplete: /^new-password$/ },
  ],
  "/login": [
    { label: "Email", type: "text", autocomplete: /^(email|username)( webauthn)?$/ },
    { label: "Password", type: "password", autocomplete: /^current-password$/ },
  ],
};

test("password managers know every field", async ({ page }) => {
  for (const [path, fields] of Object.entries(known)) {
    await page.goto(path);
    for (const { label, type, autocomplete } of fields) {
      await expect(field(page, label)).toHaveJSProperty("type", type);
      await expect(field(page, label)).toHaveAttribute("autocomplete", autocomplete);
    }
  }
});

/** Opens a page and waits until its scripts run the form. */
async function open(page: Page, path: string): Promise<void> {
  await page.goto(path);
  await hydrated(page);
}

/** The button to look at a password is there once the scripts are. */
async function hydrated(page: Page): Promise<void> {
  await expect(page.getByRole("button", { name: "Show password" })).toBeVisible();
}

/** Keeps back every request that `matches` until the function returned is called. */
async function hold(page: Page, matches: (request: Request) => boolean): Promise<() => void> {
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  await page.route("**", async (route) => {
    if (matches(route.request())) await released;
    await route.continue();
  });
  return release;
}

function watchPosts(page: Page): string[] {
  const posts: string[] = [];
  page.on("request", (request) => {
    if (request.method() === "POST") posts.push(request.url());
  });
  return posts;
}

function mainButton(page: Page, name: string) {
  return page.getByRole("main").getByRole("button", { name, exact: true });
}
