import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, describe, expect, vi } from "vitest";

await vi.hoisted(async () => {
  const { PROVIDERS } = await import("@/lib/testing/provider-settings");
  Object.assign(process.env, PROVIDERS);
});

/** The cookies of this browser. */
const jar = vi.hoisted(() => new Map<string, string>());
vi.mock("@/lib/auth/log-in", () => ({ pathAfter: (_: unknown, path: string) => path })); // next-auth is not made for Node alone
const beginJourney = vi.hoisted(() => vi.fn(async () => ({ status: "done", goTo: "/to-the-provider" })));
vi.mock("@/lib/auth/providers/begin", () => ({ beginJourney })); // the same
vi.mock("next/headers", () => ({
  headers: async () => new Headers({ "next-action": "sent by a script" }),
  cookies: async () => ({
    get: (name: string) => (jar.has(name) ? { name, value: jar.get(name) } : undefined),
    getAll: () => [...jar].map(([name, value]) => ({ name, value })),
    set: (name: string, value: string) => void jar.set(name, value),
  }),
}));

import type { ProviderIdentity } from "@/lib/accounts/login/prove-provider";
import { newPageMarks, readersOf } from "@/lib/auth/page-marks";
import { arrivalIdOf, writeArrival } from "@/lib/auth/providers/journey";
import { newToken } from "@/lib/platform/crypto/token";
import { db } from "@/lib/platform/db";
import { env } from "@/lib/platform/env";
import { keepForm } from "@/lib/security/kept-forms";
import { idle } from "@/lib/shared/action-state";
import { PAGE_FIELDS } from "@/lib/shared/page-fields";
import { chooseUsernamePathFor, routes } from "@/lib/shared/routes";
import { HOUR_MS } from "@/lib/shared/units";
import { acmeIdentity, corpIdentity } from "@/lib/testing/connections";
import { itOnce as it } from "@/lib/testing/it-once";
import { collectLog } from "@/lib/testing/log-lines";
import { newEmail, newPerson } from "@/lib/testing/people";
import { cookieNames } from "@/lib/web/cookies";
import { chooseUsernameAction, proveAnewAction } from "./actions";

beforeEach(async () => {
  jar.clear();
  await db.keptForm.deleteMany();
});
afterEach(() => void Object.assign(env(), { requireVerifiedEmail: false }));

/** Keeps what somebody has typed into a page of theirs in this browser. */
async function keepTypedOf(person: { id: string }): Promise<void> {
  const token = newToken();
  const [reader = ""] = readersOf(person);
  await keepForm(token, reader, { page: "/projects/new", form: "", values: { title: "A bridge" } });
  jar.set(cookieNames.kept(), token);
}

/** Comes from a provider for the first time, and sends the form. */
async function register(identity: ProviderIdentity, more: Record<string, string> = {}) {
  const arrival = { identity, isRemembered: false };
  await writeArrival(arrival);
  const username = `a${randomUUID().slice(0, 12)}`;
  return chooseUsernameAction(idle, formOf({ arrival: arrivalIdOf(arrival), username, ...more }));
}

/** A form of a page as it is sent. */
function formOf(fields: Record<string, string>): FormData {
  const form = new FormData();
  for (const [mark, value] of Object.entries(newPageMarks(null)))
    form.set(PAGE_FIELDS[mark as keyof typeof PAGE_FIELDS], value);
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  return form;
}

describe("chooseUsernameAction", () => {
  it("leaves nothing in this browser that somebody has typed into pages of the account before it was taken over", async () => {
    const person = await newPerson({ isVerified: false });
    await keepTypedOf(person);
    expect(await register(corpIdentity(person.email))).toMatchObject({ status: "done" });
    expect(await db.account.count({ where: { userId: person.id } }), "it was taken over").toBe(1);
    expect(await db.keptForm.count()).toBe(0);
    expect(jar.get(cookieNames.kept())).toBe("");
  });

  it("has made the account also where that could not be deleted, which the log says", async () => {
    const person = await newPerson({ isVerified: false });
    await keepTypedOf(person);
    const logged = collectLog();
    vi.spyOn(db.keptForm, "findMany").mockRejectedValueOnce(new Error("a failure of this test"));
    expect(await register(corpIdentity(person.email))).toMatchObject({ status: "done" });
    expect(logged.text()).toContain("a failure of this test");
    expect(await db.account.count({ where: { userId: person.id } })).toBe(1);
  });

  it("leaves what others have typed where it takes no account over and logs nobody in", async () => {
    Object.assign(env(), { requireVerifiedEmail: true });
    await keepTypedOf(await newPerson());
    const email = newEmail();
    expect(await register(acmeIdentity({ email }), { email })).toMatchObject({ status: "done" });
    expect(await db.keptForm.count()).toBe(1);
    expect(jar.get(cookieNames.kept())).not.toBe("");
  });

  it("says that the proof has grown old where an account in use was to be taken over by it", async () => {
    const { id, email } = await newPerson({ isVerified: false });
    await db.user.update({ where: { id }, data: { firstLoginAt: new Date() } });
    const identity = corpIdentity(email, { authenticatedAt: new Date(Date.now() - HOUR_MS) });
    const answer = await register(identity, { takesOver: "on" });
    expect(answer).toEqual({ status: "done", goTo: chooseUsernamePathFor(routes.home) });
    expect(jar.get(cookieNames.flash())).toContain("provider-grown-old");
  });
});

describe("proveAnewAction", () => {
  it("leads to the provider for whom its page was made, and not for whoever came in another tab since", async () => {
    const first = { identity: corpIdentity(newEmail()), isRemembered: false };
    const second = { identity: acmeIdentity({}), isRemembered: false };
    const form = formOf({ arrival: arrivalIdOf(first) });
    await writeArrival(second);
    expect(await proveAnewAction(idle, form)).toMatchObject({
      status: "failed",
      message: expect.stringContaining("as somebody else since, in another tab"),
    });
    expect(beginJourney).not.toHaveBeenCalled();
    await writeArrival(first);
    expect(await proveAnewAction(idle, form)).toMatchObject({ goTo: "/to-the-provider" });
  });
});
