import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { brand, canonicalAppName } from "./brand";

describe("brand", () => {
  it("has the mark that the icon has", () => {
    const icon = readFileSync("app/icon.svg", "utf8");
    const { circle, path } = brand.mark;
    expect(icon).toContain(`<path d="${path}"/>`);
    expect(icon).toContain(`<circle cx="${circle.cx}" cy="${circle.cy}" r="${circle.r}"/>`);
  });
});

describe("canonicalAppName", () => {
  it.each([
    ["Latchkey", "latchkey"],
    ["My App 2", "myapp2"],
    ["Café-Club", "cafeclub"],
    ["Ключ", ""],
    ["Ключ App", ""],
    ["<b>A&B</b>", "babb"],
    ["  ", ""],
  ])("makes %j %j", (name, canonical) => {
    expect(canonicalAppName(name)).toBe(canonical);
  });
});
