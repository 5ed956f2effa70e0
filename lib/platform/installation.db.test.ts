import { beforeEach, describe, expect, it, vi } from "vitest";
import { runsOn } from "../testing/database";
import { db } from "./db";

const [OLD, NEW, OTHER] = ["the old secret", "the new secret", "another secret"].map((name) =>
  name.padEnd(40, "."),
);

/** An instance with these secrets, as another process would be: it has read its settings and not joined yet. */
async function instance(
  AUTH_SECRET = "",
  AUTH_SECRET_PREVIOUS = "",
  AUTH_URL = "https://accounts.example.com",
) {
  vi.resetModules();
  for (const [name, value] of Object.entries({ AUTH_SECRET, AUTH_SECRET_PREVIOUS, AUTH_URL }))
    vi.stubEnv(name, value);
  const { env } = await import("./env");
  env();
  return import("./installation");
}

async function start(...settings: Parameters<typeof instance>): Promise<void> {
  const { joinInstallation } = await instance(...settings);
  await joinInstallation();
}

beforeEach(() => db.installation.deleteMany());

describe("joinInstallation", () => {
  it("notes where the installation is, and its secret only as a fingerprint", async () => {
    const noted = (origin: string) => [
      { id: "this", origin, secrets: runsOn() === "sqlite" ? "" : expect.stringMatching(/^[0-9a-f]{32}$/) },
    ];
    await start(OLD);
    expect(await db.installation.findMany()).toEqual(noted("https://accounts.example.com"));
    await start(OLD, "", "https://other.example.com");
    expect(await db.installation.findMany()).toEqual(noted("https://other.example.com"));
  });

  it.runIf(runsOn() === "postgres")(
    "refuses a second secret on one PostgreSQL, and says what to set",
    async () => {
      await start(OLD);
      await expect(start(NEW)).rejects.toThrow(/^AUTH_SECRET is not .* AUTH_SECRET_PREVIOUS/);
      await expect(start(NEW, OTHER)).rejects.toThrow(/^AUTH_SECRET is not /);
      await start(OLD);
    },
  );

  it.runIf(runsOn() === "postgres")("lets one of several secrets at once begin, and no other", async () => {
    const instances = [await instance(OLD), await instance(NEW), await instance(OTHER)];
    const ends = await Promise.allSettled(instances.map(({ joinInstallation }) => joinInstallation()));
    expect(ends.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected", "rejected"]);
  });

  it("takes a new secret that names the former one, and both until a start names it no more", async () => {
    await start(OLD);
    await start(NEW, OLD);
    await start(OLD); // one not restarted yet, after a crash; or all, rolled back
    await start(NEW, OLD);
    await start(NEW);
    if (runsOn() === "postgres") await expect(start(OLD)).rejects.toThrow(/^AUTH_SECRET is not /);
    await start(NEW, OLD);
  });

  it("takes a secret that others have been told of before, so that no instance is without it", async () => {
    await start(OLD, NEW);
    await start(NEW, OLD);
    await start(OLD, NEW);
  });

  it("takes any secret where the noted ones are taken away, or on SQLite", async () => {
    await start(OLD);
    if (runsOn() === "postgres") await db.installation.updateMany({ data: { secrets: "" } });
    await start(NEW);
  });
});
