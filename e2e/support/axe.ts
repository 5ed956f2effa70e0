import { AxeBuilder } from "@axe-core/playwright";
import { expect, type Page } from "playwright/test";

/** The rules that look at colours: in the other scheme nothing else is different. */
const COLOUR_RULES = ["color-contrast", "link-in-text-block"];

/** Asks axe about the page as it is: by every rule axe has switched on, and once more about the colours in the dark. */
export async function expectNoBarriers(page: Page): Promise<void> {
  expect(await barriersIn(page, "light")).toEqual([]);
  expect(await barriersIn(page, "dark", COLOUR_RULES)).toEqual([]);
}

async function barriersIn(page: Page, colorScheme: "light" | "dark", rules?: string[]): Promise<string[]> {
  // Without transitions a colour is what it is going to be.
  await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
  const axe = new AxeBuilder({ page }).setLegacyMode(); // the other mode opens a page more, for frames, which we have not
  const { violations } = await (rules ? axe.withRules(rules) : axe).analyze();
  return violations.map(
    ({ id, help, nodes }) => `${colorScheme}: ${id}: ${help}: ${nodes.map(({ html }) => html).join(" ")}`,
  );
}
