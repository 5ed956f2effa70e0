import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type axe from "axe-core";
import { expect, type Page } from "playwright/test";

/** axe itself, as a page runs it. */
const SCRIPT = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** The rules that look at colours: in the other scheme nothing else is different. */
const COLOUR_RULES = ["color-contrast", "link-in-text-block"];

/** Asks axe about the page as it is: by every rule axe has switched on, and once more about the colours in the dark. */
export async function expectNoBarriers(page: Page): Promise<void> {
  await page.evaluate(SCRIPT); // once for both: to read it costs more than to look at a page
  expect(await barriersIn(page, "light")).toEqual([]);
  expect(await barriersIn(page, "dark", COLOUR_RULES)).toEqual([]);
}

async function barriersIn(page: Page, colorScheme: "light" | "dark", rules?: string[]): Promise<string[]> {
  // Without transitions a colour is what it is going to be.
  await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
  const violations = await page.evaluate(async (runOnly) => {
    const { axe } = globalThis as unknown as { axe: typeof import("axe-core") };
    const options = { resultTypes: ["violations" as const], ...(runOnly && { runOnly }) };
    return (await axe.run(document, options)).violations;
  }, rules);
  return violations.map(
    ({ id, help, nodes }: axe.Result) =>
      `${colorScheme}: ${id}: ${help}: ${nodes.map(({ html }) => html).join(" ")}`,
  );
}
