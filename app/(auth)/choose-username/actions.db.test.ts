import { randomUUID } from "node:crypto";
import { expect, it, vi } from "vitest";

await vi.hoisted(async () => {
  const { PROVIDERS } = await import("@/lib/testing/provider-settings");
  Object.assign(process.env, PROVIDERS);
});

/** The cookies of this browser. */
const jar = vi.hoisted(() => new Map<string, string>());
vi.mock("@/lib/auth/log-in", () => ({ pathAfter: (_: unknown, path: string) => path })); // next-auth is not made for Node alone
vi.mock("@/lib/auth/providers/begin", () => ({ beginJourney: null })); // the same
vi.mock("next/headers", () => ({
  headers: async () => new Headers({ "next-action": "sent by a script" }),
  cookies: async () => ({
    get: (name: string) => (jar.has(name) ? { name, value: jar.get(name) } : undefined),
    getAll: () => [...jar].map(([name, value]) => ({ name, value })),
    set: (name: string, value: string) => void jar.set(name, value),
  }),
}));

import { newPageMarks, readersOf } from "@/lib/auth/page-marks";
import { arrivalIdOf, writeArrival } from "@/lib/auth/providers/journey";
import { newToken } from "@/lib/platform/crypto/token";
import { db } from "@/lib/platform/db";
import { keepForm } from "@/lib/security/kept-forms";
import { idle } from "@/lib/shared/action-state";
import { PAGE_FIELDS } from "@/lib/shared/page-fields";
import { corpIdentity } from "@/lib/testing/connections";
import { newPerson } from "@/lib/testing/people";
import { cookieNames } from "@/lib/web/cookies";
import { chooseUsernameAction } from "./actions";

it("leaves nothing in this browser that somebody has typed into pages of the account before it was taken over", async () => {
  const person = await newPerson({ isVerified: false });
  const token = newToken();
  const [reader = ""] = readersOf(person);
  await keepForm(token, reader, { page: "/projects/new", form: "", values: { title: "A bridge" } });
  jar.set(cookieNames.kept(), token);
  const arrival = { identity: corpIdentity(person.email), isRemembered: false };
  await writeArrival(arrival);
  const form = new FormData();
  for (const [mark, value] of Object.entries(newPageMarks(null)))
    form.set(PAGE_FIELDS[mark as keyof typeof PAGE_FIELDS], value);
  form.set("arrival", arrivalIdOf(arrival));
  form.set("username", `a${randomUUID().slice(0, 12)}`);
  expect(await chooseUsernameAction(idle, form)).toMatchObject({ status: "done" });
  expect(await db.account.count({ where: { userId: person.id } }), "it was taken over").toBe(1);
  expect(await db.keptForm.count()).toBe(0);
  expect(jar.get(cookieNames.kept())).toBe("");
});
