import { expect, type Locator, type Page } from "playwright/test";
import type { Person } from "../../lib/testing/person";

/** A field by its label, whole and exact: "Password" is not "Confirm password". */
export function field(page: Page, label: string): Locator {
  return page.getByLabel(label, { exact: true });
}

export async function fillIn(page: Page, values: Record<string, string>): Promise<void> {
  for (const [label, value] of Object.entries(values)) await field(page, label).fill(value);
}

/** Presses a button of the page itself, not of the navigation above it. */
export async function press(page: Page, name: string): Promise<void> {
  await page.getByRole("main").getByRole("button", { name, exact: true }).click();
}

export async function fillInRegistration(page: Page, { username, email, password }: Person): Promise<void> {
  await fillIn(page, { Username: username, Email: email, Password: password, "Confirm password": password });
}

export async function fillInLogin(
  page: Page,
  { email, password }: Pick<Person, "email" | "password">,
): Promise<void> {
  await fillIn(page, { Email: email, Password: password });
}

export function navigation(page: Page): Locator {
  return page.getByRole("navigation", { name: "Main" });
}

export function heading(page: Page, name: string | RegExp): Locator {
  return page.getByRole("heading", { level: 1, name });
}

/** What the home page says to someone logged in, or to this person. */
export function greetingOf(username?: string): RegExp {
  return new RegExp(`^Welcome( back)?, ${username === undefined ? "" : `${escapeRegExp(username)}$`}`);
}

/** A message a screen reader would speak by itself. */
export function announced(page: Page, role: "status" | "alert", text: string): Locator {
  return page.getByRole(role).filter({ hasText: text });
}

/** Expects the field to be marked wrong and described by exactly this message among its hints. */
export async function expectFieldError(page: Page, label: string, message: string): Promise<void> {
  await expect(field(page, label)).toHaveAttribute("aria-invalid", "true");
  await expect(field(page, label)).toHaveAccessibleDescription(new RegExp(escapeRegExp(message)));
  // By its own element: the meter of a new password may say the same before the server does.
  await expect(page.locator('[id$="-error"]').filter({ hasText: message })).toBeVisible();
}

export function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
