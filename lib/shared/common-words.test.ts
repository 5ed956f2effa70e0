import { expect, it } from "vitest";
import { commonWords, loadCommonWords } from "./common-words";
import list from "./common-words.json";
import { findLocalWeakness } from "./password-rules";

const grace = { username: "grace", email: "hopper@example.com" };

it("has twenty thousand words, most common first", async () => {
  const words = await loadCommonWords();
  expect(words).toHaveLength(20_000);
  expect(words.slice(0, 5)).toEqual(["123456", "password", "12345", "12345678", "123456789"]);
});

it("is in lower case, without repeats and without gaps", async () => {
  const words = await loadCommonWords();
  expect(new Set(words).size).toBe(words.length);
  expect(words.filter((word) => word === "" || word !== word.toLowerCase())).toEqual([]);
});

it("says whose it is and under which licence, as that licence asks", () => {
  expect(list.source).toContain("https://github.com/danielmiessler/SecLists");
  expect(list.licence).toMatch(/^MIT License\. Copyright \(c\) Daniel Miessler\. .+ WITHOUT WARRANTY/);
});

it("has each of its words of eight characters and more refused, in any case", async () => {
  const common = await commonWords();
  const long = (await loadCommonWords()).filter((word) => word.length >= 8);
  const accepted = long
    .flatMap((word) => [word, word.toUpperCase(), word.charAt(0).toUpperCase() + word.slice(1)])
    .filter(
      (password) => findLocalWeakness(password, { ...grace, appName: "Latchkey" }, common)?.kind !== "common",
    );
  expect(accepted).toEqual([]);
});

it("is made ready once", async () => {
  expect(await commonWords()).toBe(await commonWords());
});
