import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { describe, expect, inject, it } from "vitest";
import { diffSchemas } from "./diff";
import { pendingSql, writeMigration } from "./migrations";
import { inPrisma, providers, schemaFor } from "./schema";

const newFolder = () => mkdtempSync(join(inject("testFolder"), "prisma-"));

describe.each(providers)("the %s migrations", (provider) => {
  it("lead to schema.prisma", async () => {
    expect(await pendingSql(provider)).toBeNull();
  });

  it("are found to lag behind when the schema gains, loses or changes a column", async () => {
    const schema = schemaFor(provider);
    const gained = schema.replace("  passwordHash ", "  nickname String?\n  passwordHash ");
    expect(await pendingSql(provider, gained)).toMatch(/ADD COLUMN +"nickname"/);
    const lost = schema.replace(/ {2}userAgent .*\n/, "");
    expect(await pendingSql(provider, lost)).not.toBeNull();
    const optional = schema.replace(/(expiresAt +DateTime)/, "$1?");
    expect(await pendingSql(provider, optional)).toContain("expiresAt");
  });

  it("are found to lag behind when the snapshot is an older one or missing", async () => {
    const folder = newFolder();
    cpSync(inPrisma("migrations"), folder, { recursive: true });
    const snapshot = join(folder, provider, "schema.snapshot.prisma");
    writeFileSync(snapshot, readFileSync(snapshot, "utf8").replace("@@index([expiresAt])", ""));
    expect(await pendingSql(provider, undefined, folder)).toContain("Session_expiresAt_idx");
    expect(await pendingSql(provider, undefined, newFolder())).toContain('CREATE TABLE "User"');
  });

  it("do not lag behind a comment or a space", async () => {
    expect(await pendingSql(provider, `${schemaFor(provider)}\n// a comment\n`)).toBeNull();
  });

  it("are not compared with a schema that is none", async () => {
    await expect(diffSchemas(provider, null, "model User {")).rejects.toThrow();
  });
});

describe("a new migration", () => {
  it("is written for both databases, and none is when nothing changed", async () => {
    const folder = newFolder();
    expect(await writeMigration("initial", folder)).toHaveLength(2);
    for (const provider of providers) {
      const [name = ""] = readdirSync(join(folder, provider)).filter((entry) => entry.endsWith("_initial"));
      expect(name).toMatch(/^\d{14}_initial$/);
      const sql = readFileSync(join(folder, provider, name, "migration.sql"), "utf8");
      expect(sql).toContain('CREATE TABLE "User"');
      expect(sql).not.toContain("CREATE SCHEMA"); // a plain role may not
    }
    expect(await writeMigration("again", folder)).toEqual([]);
  });
});

describe("the PostgreSQL schema", () => {
  it("differs from the SQLite one in the provider and the place of its client alone", () => {
    const sqlite = schemaFor("sqlite").split("\n");
    const postgres = schemaFor("postgres").split("\n");
    const different = postgres.filter((line, index) => line !== sqlite[index]);
    expect(different.map((line) => line.trim().replace(/ +/g, " "))).toEqual([
      'output = "../client/postgres"',
      'provider = "postgresql"',
    ]);
  });
});

describe("Prisma's own command for migrating", () => {
  it("fails and says what to use, instead of doing nothing with success", () => {
    const cli = join(
      dirname(createRequire(import.meta.url).resolve("prisma/package.json")),
      "build/index.js",
    );
    const args = [cli, "migrate", "deploy", "--config", inPrisma("prisma.config.ts")];
    const { status, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
    expect(status).toBe(1);
    expect(stderr).toContain("without Prisma's native engine");
  });
});
