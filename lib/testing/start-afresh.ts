import { afterAll, vi } from "vitest";

// Runs before each test file. Several files share a process, which saves its start: each has its modules to itself, as the
// settings that they have read, and leaves behind nothing but the threads that hash.

vi.resetModules();
const settings = { ...process.env };
const { fetch } = globalThis;

afterAll(() => {
  vi.unstubAllEnvs();
  for (const name of Object.keys(process.env)) if (!(name in settings)) delete process.env[name];
  Object.assign(process.env, settings);
  globalThis.fetch = fetch;
  for (const name of Object.keys(globalThis))
    if (name.startsWith("latchkey") && name !== "latchkeyHashPool") Reflect.deleteProperty(globalThis, name);
});
