import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, inject, it } from "vitest";
import { hintScripts } from "./compile-hints";

describe("hintScripts", () => {
  it("begins every script with the hint, and leaves it and all else as it was", () => {
    const build = mkdtempSync(join(inject("testFolder"), "hints-"));
    const at = (name: string) => join(build, "static/chunks", name);
    mkdirSync(join(build, "static/chunks"), { recursive: true });
    for (const name of ["page.js", "page.css", "font.woff2"]) writeFileSync(at(name), 'say("grüezi")');
    writeFileSync(join(build, "server.js"), "secret");

    hintScripts(build);

    expect(readFileSync(at("page.js"), "utf8")).toBe('//# allFunctionsCalledOnLoad\nsay("grüezi")');
    for (const name of ["page.css", "font.woff2"])
      expect(readFileSync(at(name), "utf8")).toBe('say("grüezi")');
    expect(readFileSync(join(build, "server.js"), "utf8")).toBe("secret");
  });
});
