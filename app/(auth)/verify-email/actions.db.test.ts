import { describe, expect, vi } from "vitest";

const { user } = vi.hoisted(() => ({
  user: { id: "ada", username: "ada", email: "ada@example.com", isVerified: true },
}));
vi.mock("@/lib/auth/log-in", () => ({ logIn: null, logOut: null })); // next-auth is not made for Node alone
vi.mock("@/lib/auth/current-user", () => ({
  currentUser: async () => user,
  currentSession: async () => ({ user }),
}));
vi.mock("next/headers", () => ({
  headers: async () => new Headers({ "next-action": "sent by a script" }),
  cookies: async () => ({ get: () => undefined, getAll: () => [], set: () => {} }),
}));

import { newPageMarks } from "@/lib/auth";
import { db } from "@/lib/platform/db";
import { idle } from "@/lib/shared/action-state";
import { PAGE_FIELDS } from "@/lib/shared/page-fields";
import { itOnce as it } from "@/lib/testing/it-once";
import { resendVerificationAction } from "./actions";

async function press(marks: Partial<Awaited<ReturnType<typeof newPageMarks>>>) {
  const form = new FormData();
  for (const [mark, value] of Object.entries(marks))
    form.set(PAGE_FIELDS[mark as keyof typeof PAGE_FIELDS], value);
  return await resendVerificationAction(idle, form);
}

describe("resendVerificationAction", () => {
  it("does nothing for someone whose address is confirmed, and keeps nothing of it", async () => {
    expect(await press(await newPageMarks(user))).toEqual({ status: "done", goTo: "/" });
    expect(await db.sentForm.count()).toBe(0);
  });

  it("says of a page without a mark that it is out of date, and of another's whose it is not", async () => {
    const { secret, reader } = await newPageMarks(user);
    const told = {
      status: "failed",
      message: "Nothing was done: this page is out of date. Reload it to go on.",
    };
    expect(await press({ secret })).toMatchObject(told);
    expect(await press({ secret, reader: "made up" })).toMatchObject(told);
    user.id = "bob";
    expect(await press({ secret, reader })).toMatchObject({
      status: "failed",
      message: expect.stringContaining("opened for another account, and you are logged in as ada now"),
    });
  });
});
