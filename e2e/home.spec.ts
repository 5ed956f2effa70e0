import { expect, fillInLogin, heading, press, test } from "./fixtures";

test("the home page is about this site, for a visitor and for someone who logs in", async ({
  page,
  context,
  registered,
}) => {
  await page.goto("/");
  await expect(heading(page, "Welcome to Latchkey")).toBeVisible();
  await expect(page.getByRole("main")).not.toContainText(/bcrypt|\brow\b|server|HTML/i);
  await expect(page.getByRole("contentinfo")).toContainText("Latchkey");
  await expect(page.getByRole("contentinfo").getByRole("link"), "none is set").toHaveCount(0);

  const person = await registered();
  for (const [greeting, before] of [
    [`Welcome, ${person.username}`, "This is your first."],
    [`Welcome back, ${person.username}`, "UTC, with Chrome on"],
  ] as const) {
    await context.clearCookies();
    await page.goto("/login");
    await fillInLogin(page, person);
    await press(page, "Log in");
    await expect(heading(page, greeting)).toBeVisible();
    await expect(page.getByRole("main")).toContainText(before);
    await expect(page.getByRole("main").getByRole("link", { name: "Your account" })).toBeVisible();
  }
});

test("on paper there is the page and nothing to press", async ({ page, loggedIn }) => {
  const { email } = await loggedIn();
  await page.goto("/account");
  await page.emulateMedia({ media: "print" });
  await expect(page.getByText(email).first()).toBeVisible();
  for (const role of ["link", "button"] as const)
    for (const shown of await page.getByRole(role).all())
      await expect(shown.and(page.locator(":visible"))).toHaveText(/^Latchkey$|^Skip/);
});
