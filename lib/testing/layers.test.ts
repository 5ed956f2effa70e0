import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { findViolations } from "./layers";

const ROOT = join(import.meta.dirname, "../..");

/** A small tree with these files beside empty ones. */
function treeOf(files: Record<string, string>): string {
  const root = mkdtempSync(join(tmpdir(), "latchkey-layers-"));
  for (const folder of ["app", "components", "lib", "e2e"]) mkdirSync(join(root, folder));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(root, dirname(name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  return root;
}

const placesIn = (files: Record<string, string>) => findViolations(treeOf(files)).map(({ place }) => place);

describe("the layers", () => {
  it("hold in this repository", () => {
    expect(findViolations(ROOT)).toEqual([]);
  });

  it.each([
    ["up", "lib/security/audit.ts", 'import { register } from "../accounts/register";'],
    ["up, for a type alone", "lib/shared/x.ts", 'import type { Env } from "../platform/env";'],
    ["up, when it is needed", "lib/platform/x.ts", 'const x = await import("../security/sessions");'],
    ["sideways", "lib/mail/outbox.ts", 'import { record } from "../security/audit";'],
    ["from web to auth", "lib/web/x.ts", 'import { currentUser } from "../auth";'],
    ["beside the layers", "lib/accounts/x.ts", 'export { ROOT } from "../server/build";'],
    ["to what is for tests", "lib/accounts/x.ts", 'import { newPerson } from "../testing/people";'],
    ["out of lib", "lib/web/x.ts", 'import { LoginForm } from "@/app/(auth)/login/login-form";'],
    ["from lib to the stories", "lib/mail/x.test.ts", 'import { Mailbox } from "../../e2e/support/mailbox";'],
    ["from the stories to lib", "e2e/login.spec.ts", 'import { limits } from "../lib/shared/limits";'],
    ["from a component to a page", "components/x.tsx", 'import { logout } from "@/app/logout/actions";'],
  ])("refuse an import %s", (_, file, text) => {
    expect(placesIn({ [file]: `\n${text}\n` })).toEqual([`${file}:2`]);
  });

  it.each([
    ["down", "lib/accounts/register.ts", 'import { record } from "../security/audit";'],
    ["within a folder", "lib/security/audit.ts", 'import { x } from "./sessions";'],
    ["from auth to web", "lib/auth/x.ts", 'import { flash } from "../web/flash";'],
    [
      "from a test to what tests share",
      "lib/mail/x.test.ts",
      'import { newPerson } from "../testing/people";',
    ],
    ["from the server to a layer", "lib/server/x.ts", 'import { refusal } from "../web/request-filter";'],
    [
      "from a story to what tests share",
      "e2e/x.spec.ts",
      'import { newPerson } from "../lib/testing/people";',
    ],
    ["of a package", "lib/shared/x.ts", 'import { z } from "zod";'],
  ])("allow an import %s", (_, file, text) => {
    expect(placesIn({ [file]: text })).toEqual([]);
  });

  it("keep server code from the browser, through everything that a client component imports", () => {
    const files = {
      "components/form.tsx":
        '"use client";\nimport { useX } from "./use-x";\nimport { act } from "@/app/actions";',
      "components/use-x.ts":
        'import { env } from "@/lib/platform/env";\nimport { idle } from "@/lib/shared/state";',
      "app/actions.ts": '"use server";\nimport { register } from "@/lib/accounts/register";',
    };
    // The action itself runs on the server; that a component knows a page is another matter.
    expect(placesIn(files)).toEqual(["components/form.tsx:3", "components/use-x.ts:1"]);
  });
});
