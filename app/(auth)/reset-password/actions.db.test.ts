import { describe, expect, vi } from "vitest";

/** The cookies of this browser. */
const jar = vi.hoisted(() => new Map<string, string>());
vi.mock("next/headers", () => ({
  headers: async () => new Headers({ "next-action": "sent by a script" }),
  cookies: async () => ({
    get: (name: string) => (jar.has(name) ? { name, value: jar.get(name) } : undefined),
    getAll: () => [...jar].map(([name, value]) => ({ name, value })),
    set: (name: string, value: string) => void jar.set(name, value),
  }),
}));

import { newPageMarks, readersOf } from "@/lib/auth/page-marks";
import { newToken } from "@/lib/platform/crypto/token";
import { db } from "@/lib/platform/db";
import { keepForm } from "@/lib/security/kept-forms";
import { makeLinkToken } from "@/lib/security/link-tokens";
import { idle } from "@/lib/shared/action-state";
import { PAGE_FIELDS } from "@/lib/shared/page-fields";
import { itOnce as it } from "@/lib/testing/it-once";
import { NEW_PASSWORD, newPerson } from "@/lib/testing/people";
import { cookieNames } from "@/lib/web/cookies";
import { LINK_FIELD, linkIdOf } from "@/lib/web/link-id";
import { resetPasswordAction } from "./actions";

/** Keeps what somebody has typed in this browser, and sets a new password there. Answers how many forms are left. */
async function resetBeside(isVerified: boolean): Promise<number> {
  const { id: userId, emailCanonical } = await newPerson({ isVerified });
  const kept = newToken();
  const [reader = ""] = readersOf({ id: userId });
  await keepForm(kept, reader, { page: "/projects/new", form: "", values: { title: "A bridge" } });
  jar.set(cookieNames.kept(), kept);
  const { token } = await db.$transaction((tx) =>
    makeLinkToken("reset-password", { userId, emailCanonical }, tx),
  );
  const id = linkIdOf(token);
  jar.set(cookieNames.link(id), token);
  const form = new FormData();
  for (const [mark, value] of Object.entries(newPageMarks(null)))
    form.set(PAGE_FIELDS[mark as keyof typeof PAGE_FIELDS], value);
  form.set(LINK_FIELD, id);
  form.set("password", NEW_PASSWORD);
  form.set("confirmation", NEW_PASSWORD);
  expect(await resetPasswordAction(idle, form)).toMatchObject({ status: "done" });
  return db.keptForm.count();
}

describe("resetPasswordAction", () => {
  it("leaves nothing in this browser that was typed into pages of an account which nobody had shown to be theirs", async () => {
    expect(await resetBeside(false)).toBe(0);
    expect(jar.get(cookieNames.kept())).toBe("");
  });

  it("leaves what the owner of a confirmed address has typed", async () => {
    expect(await resetBeside(true)).toBe(1);
  });
});
