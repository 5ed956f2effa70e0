import { readdir, readFile } from "node:fs/promises";
import { join, sep } from "node:path";
import { expect, test } from "./fixtures";
import { CANARIES } from "./support/build";
import { send, Visitor } from "./support/visitor";

const ROOT = join(import.meta.dirname, "..");
const STATIC = join(ROOT, ".next/static");
const STANDALONE = join(ROOT, ".next/standalone");

const notServed = [
  "/.git/config",
  "/.git/HEAD",
  "/.git",
  "/.env",
  "/.env.example",
  "/.data/latchkey.db",
  "/.data/auth-secret",
  "/latchkey.db",
  "/.next/BUILD_ID",
  "/.next/server/server-reference-manifest.json",
  "/.next/required-server-files.json",
  "/.github/SECURITY.md",
  "/README.md",
  "/package.json",
  "/package-lock.json",
  "/next.config.mjs",
  "/middleware.ts",
  "/prisma/schema.prisma",
  "/prisma/client/sqlite/client.ts",
  "/lib/env.ts",
  "/app/page.tsx",
  "/e2e/fixtures.ts",
  "/node_modules/next/package.json",
  "/server-status",
  "/metrics",
  "/debug",
  "/_next",
  "/_next/static",
  "/_next/static/chunks",
  "/_next/server/app/page.js",
  "/_next/BUILD_ID",
  "/_next/webpack-hmr",
  "/__nextjs_original-stack-frames",
  "/__nextjs_source-map?filename=app/page.tsx",
  "/__nextjs_error_feedback",
];

for (const path of notServed)
  test(`${path} is not served`, async ({ visitor }) => {
    expect((await visitor.get(path)).status).toBe(404);
  });

/** Ways up and out of the folder that is served; sent as they are, where a browser would resolve them first. */
const climbs = [
  "/../package.json",
  "/_next/../package.json",
  "/_next/static/../../package.json",
  "/_next/static/../server/server-reference-manifest.json",
  "/_next/static/..%2f..%2fpackage.json",
  "/_next/static/%2e%2e/%2e%2e/package.json",
  "/_next/static/%2e%2e%2f%2e%2e%2fpackage.json",
  "/_next/static/..%5c..%5cpackage.json",
  "/_next/static/..\\..\\package.json",
  "/_next/static/%252e%252e/%252e%252e/package.json",
  "/_next/static/chunks/..%2f..%2f..%2f.data%2flatchkey.db",
  "/_next/static//etc/passwd",
  "/_next/static/%00/../../package.json",
  "/_next/image?url=/../package.json&w=64&q=75",
  "/_next/data/../../package.json",
  "//package.json",
  "/..;/package.json",
];

for (const path of climbs)
  test(`the path ${path} leads to no file`, async ({ site }) => {
    const answer = await send(site.origin, { path });
    expect(answer.status).toBeGreaterThanOrEqual(300);
    expect(answer.status).toBeLessThan(500);
    expect(answer.body).not.toMatch(/"latchkey"|SQLite format|root:|encryptionKey/);
  });

/** What only a build for development has. */
const DEVELOPMENT = ["sourceMappingURL=", "react-refresh", "webpack-hmr", "nextjs-portal"];

test("the scripts are the same for everyone, and lead to no source", async ({
  site,
  visitor,
  registered,
  enter,
}) => {
  const person = await registered();
  await enter(visitor, person);
  const stranger = new Visitor(site.origin);
  const files = (await readdir(STATIC, { recursive: true })).filter((file) => /\.(js|css|mjs)$/.test(file));
  expect(files.length).toBeGreaterThan(10);
  for (const file of files) {
    const path = `/_next/static/${file}`;
    const answer = await visitor.get(path);
    expect(answer.status, path).toBe(200);
    // Compared here: Playwright reports what it is given, and a script is large.
    expect(answer.body === (await stranger.get(path)).body, path).toBe(true);
    const found = [person.username, person.email, ...DEVELOPMENT].filter((text) =>
      answer.body.includes(text),
    );
    expect(found, path).toEqual([]);
    for (const name of ["sourcemap", "x-sourcemap"]) expect(answer.headers, path).not.toHaveProperty(name);
    expect((await visitor.get(`${path}.map`)).status, `${path}.map`).toBe(404);
  }
});

test("data comes as data, whatever function it is asked to call", async ({ visitor, registered, enter }) => {
  await enter(visitor, await registered());
  const plain = await visitor.get("/api/auth/session");
  const called = await visitor.get("/api/auth/session?callback=alert&jsonp=alert&_=1");
  expect(Object.keys(JSON.parse(called.body))).toEqual(Object.keys(JSON.parse(plain.body)));
  expect(called.body).not.toContain("alert");
  expect(called.headers["content-type"]).toMatch(/^application\/json/);
  expect(called.headers["x-content-type-options"]).toBe("nosniff");
});

test("the standalone output holds what a browser fetches, no settings and no sources", async () => {
  expect((await readdir(STANDALONE)).sort()).toEqual([
    ".next",
    "lib",
    "node_modules",
    "package.json",
    "prisma",
    "server.js",
  ]);
  const files = (await readdir(STANDALONE, { recursive: true })).map((file) => file.split(sep).join("/"));
  const ours = files.filter((file) => !file.includes("node_modules/"));
  expect(
    ours.filter((file) => /\.(tsx?|spec\.js|db|sqlite)$|(^|\/)(\.data|lib|e2e|\.git)\/.*\./.test(file)),
  ).toEqual(["lib/security/passwords/common-passwords/list.bin"]); // no source: the hashes of common passwords
  expect(files.filter((file) => /(^|\/)(\.env[^/]*|auth-secret)$/.test(file))).toEqual([]);
  for (const file of ours.filter((name) => name.endsWith(".map")))
    expect(await readFile(join(STANDALONE, file), "utf8"), file).not.toContain("sourcesContent");

  const fetched = await readdir(STATIC, { recursive: true });
  expect((await readdir(join(STANDALONE, ".next/static"), { recursive: true })).sort()).toEqual(
    fetched.sort(),
  );
});

test("the build holds nothing of the settings it was made under", async () => {
  const files = await readdir(join(ROOT, ".next"), { recursive: true, withFileTypes: true });
  const contents = files.filter((file) => file.isFile());
  expect(contents.length).toBeGreaterThan(100);
  const found: string[] = [];
  for (const { parentPath, name } of contents) {
    const file = join(parentPath, name);
    const bytes = await readFile(file);
    for (const [setting, canary] of Object.entries(CANARIES))
      if (bytes.includes(canary)) found.push(`${setting} in ${file}`);
  }
  expect(found).toEqual([]);
});
