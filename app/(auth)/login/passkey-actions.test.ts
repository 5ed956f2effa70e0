import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { join, relative } from "node:path";
import { expect, inject, it, vi } from "vitest";

vi.hoisted(() => void vi.stubEnv("AUTH_SECRET", "0123456789abcdef0123456789abcdef")); // read as the actions come in
vi.mock("@/lib/auth/log-in", () => ({ logIn: null, logOut: null })); // next-auth is not made for Node alone

import { codeFolder } from "@/lib/platform/folders";
import { refuseBurst } from "@/lib/server/burst-limit";
import { fillHashQueue } from "@/lib/testing/fill-hash-queue";
import { loginAction } from "./actions";
import { passkeyLoginAction } from "./passkey-actions";

it("leaves the login open to a passkey while the hash queue is overrun, and to nothing else", async () => {
  vi.stubEnv("NODE_ENV", "production");
  const build = mkdtempSync(join(inject("testFolder"), "build-"));
  vi.stubEnv("LATCHKEY_BUILD_DIR", relative(codeFolder(), build));
  mkdirSync(join(build, "server"));
  const names = [passkeyLoginAction.name, loginAction.name];
  // What a build has of them: an action that is called something else is another one to the limit.
  const node = Object.fromEntries(names.map((exportedName) => [`id of ${exportedName}`, { exportedName }]));
  writeFileSync(join(build, "server/server-reference-manifest.json"), JSON.stringify({ node }));
  const empty = fillHashQueue();
  const send = (action: string, url = "/login") =>
    refuseBurst({ url, headers: { "next-action": action } } as unknown as IncomingMessage, "192.0.2.10");
  try {
    expect(await send(`id of ${passkeyLoginAction.name}`)).toBeNull();
    for (const action of [`id of ${loginAction.name}`, passkeyLoginAction.name, ""])
      expect(await send(action), action).toMatchObject({ status: 503 });
    for (const url of ["/api/auth/callback/credentials", "/register"])
      expect(await send(`id of ${passkeyLoginAction.name}`, url), url).toMatchObject({ status: 503 });
  } finally {
    empty();
  }
});
