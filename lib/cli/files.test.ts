import { mkdtempSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, inject, it } from "vitest";
import { BackupError } from "../platform/db/backup";
import { writeDraft } from "./files";

describe("writeDraft", () => {
  it("writes for the owner alone", () => {
    const path = join(mkdtempSync(join(inject("testFolder"), "draft-")), "auth-secret");
    const draft = writeDraft(path, "a secret");
    expect(readFileSync(draft, "utf8")).toBe("a secret");
    expect(statSync(draft).mode & 0o777).toBe(0o600);
  });

  it("writes through no link, and over no file, that lies there under its name", () => {
    const folder = mkdtempSync(join(inject("testFolder"), "draft-"));
    const [path, other] = [join(folder, "auth-secret"), join(folder, "other")];
    writeFileSync(other, "of somebody else");
    symlinkSync(other, `${path}.draft-${process.pid}`);
    expect(() => writeDraft(path, "a secret")).toThrow(BackupError);
    expect(readFileSync(other, "utf8")).toBe("of somebody else");
  });
});
