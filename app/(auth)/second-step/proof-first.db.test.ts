import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { beforeEach, expect, vi } from "vitest";

const mailbox = await vi.hoisted(async () => {
  const { startMailbox } = await import("@/lib/testing/mailbox");
  const { PROVIDERS } = await import("@/lib/testing/provider-settings");
  return startMailbox(PROVIDERS);
});

/** The cookies of this browser. */
const jar = vi.hoisted(() => new Map<string, string>());
vi.mock("@/lib/auth/log-in", () => ({
  logIn: null,
  logOut: null,
  pathAfter: (_: unknown, path: string) => path,
})); // next-auth is not made for Node alone
vi.mock("@/lib/auth/providers/begin", () => ({ beginJourney: null })); // the same
vi.mock("next/headers", () => ({
  headers: async () => new Headers({ "next-action": "sent by a script" }),
  cookies: async () => ({
    get: (name: string) => (jar.has(name) ? { name, value: jar.get(name) } : undefined),
    getAll: () => [...jar].map(([name, value]) => ({ name, value })),
    set: (name: string, value: string) => void jar.set(name, value),
  }),
}));

import { PageProvider } from "@/components/form/page-context";
import { mayAddFactor } from "@/lib/accounts/factor-change";
import { logInWithProvider } from "@/lib/accounts/login/log-in-with-provider";
import { newPageMarks } from "@/lib/auth";
import { db } from "@/lib/platform/db";
import { env } from "@/lib/platform/env";
import { openSession } from "@/lib/security/sessions";
import { findPendingLogin } from "@/lib/security/two-factor/pending-logins";
import { idle } from "@/lib/shared/action-state";
import { PAGE_FIELDS } from "@/lib/shared/page-fields";
import { routes } from "@/lib/shared/routes";
import { acmeIdentity, connectionOf, dropPassword } from "@/lib/testing/connections";
import { itOnce as it } from "@/lib/testing/it-once";
import { emailTo, newClient, newPerson, type Person } from "@/lib/testing/people";
import { cookieNames } from "@/lib/web/cookies";
import { verifyCodeAction } from "../verify-email/actions";
import { confirmAddressAction } from "./actions";
import { ProofFirst } from "./proof-first";

const CONFIRM = "Confirm your email address";
const CHOOSE = "Choose a password by email";
const OPERATOR = "ask the people who run this site";
const ENDS = "that password ends your connections, picture and display name";

let person: Person;

/** Somebody who has used an account for long, by a provider that does not say when its person logged in there. */
async function someone({ isVerified = false } = {}) {
  person = await newPerson({ isVerified });
  await db.user.update({ where: { id: person.id }, data: { firstLoginAt: new Date(0) } });
  await dropPassword(person);
  const identity = await connectionOf(person, acmeIdentity({ authenticatedAt: null }));
  const options = { isRemembered: false, previousSessionToken: null };
  const { outcome } = await logInWithProvider(identity, options, newClient());
  if (outcome.ok || outcome.reason !== "second-factor") return expect.fail("it does not wait");
  jar.set(cookieNames.pendingLogin(), outcome.pending.token);
}

const pending = async () =>
  (await findPendingLogin(jar.get(cookieNames.pendingLogin()) ?? "")) ?? expect.fail("nothing waits");

async function pageOf(): Promise<string> {
  const children = await ProofFirst({ pending: await pending(), callbackUrl: "/account/data" });
  return renderToStaticMarkup(
    createElement(PageProvider, { marks: newPageMarks(null), origin: "", children }),
  );
}

function formWith(values: Record<string, string>): FormData {
  const form = new FormData();
  for (const [mark, value] of Object.entries(newPageMarks(person)))
    form.set(PAGE_FIELDS[mark as keyof typeof PAGE_FIELDS], value);
  for (const [name, value] of Object.entries(values)) form.set(name, value);
  return form;
}

beforeEach(() => {
  jar.clear();
  Object.assign(env(), { requireTwoFactor: true });
});

it("has an address confirmed that never was, which keeps the connection, and takes that for the proof", async () => {
  await someone();
  expect(await mayAddFactor(await pending())).toBe(false);
  const page = await pageOf();
  expect(page).toContain(CONFIRM);
  expect(page.replace(/\s+/g, " "), "for who does not read that mailbox").toContain(OPERATOR);
  await db.user.update({ where: { id: person.id }, data: { passwordHash: "$2b$04$x" } });
  expect(await pageOf(), "who has forgotten the password keeps the connection too").toContain(CONFIRM);
  await dropPassword(person);
  expect(page, "that would end the connection").not.toContain(CHOOSE);
  const other = await newPerson();
  jar.set(cookieNames.session(), (await openSession(other.id, false, newClient())).token);
  expect(await pageOf(), "its pages would be another person's").not.toContain(CONFIRM);
  expect(await pageOf()).toContain(`where ${other.username} is logged in`);
  jar.delete(cookieNames.session());
  expect(await confirmAddressAction(idle, formWith({ callbackUrl: "/" }))).toEqual({
    status: "done",
    goTo: routes.verifyEmail,
  });
  const code = /\b\d{6}\b/.exec((await emailTo(person.email, "verify-email", mailbox)).text)?.[0] ?? "";
  const wrong = await verifyCodeAction(idle, formWith({ email: person.email, code: "no code" }));
  expect(wrong).toMatchObject({ status: "invalid" });
  expect(await mayAddFactor(await pending())).toBe(false);
  const confirmed = await verifyCodeAction(idle, formWith({ email: person.email, code }));
  expect(confirmed).toMatchObject({ goTo: expect.stringContaining(routes.secondStep) });
  expect(await mayAddFactor(await pending())).toBe(true);
  expect(await db.account.count({ where: { userId: person.id } })).toBe(1);
});

it("offers a password by email where the address is confirmed, and says what one ends where no email can be sent", async () => {
  await someone({ isVerified: true });
  expect(await pageOf()).toContain(CHOOSE);
  expect(await pageOf()).not.toContain(CONFIRM);
  expect(await confirmAddressAction(idle, formWith({ callbackUrl: "/account/data" }))).toMatchObject({
    goTo: "/second-step?callbackUrl=%2Faccount%2Fdata",
  });
  expect(jar.has(cookieNames.voucher())).toBe(false);
  const { features } = env();
  Object.assign(env(), { features: { ...features, mail: false } });
  try {
    expect(await pageOf()).not.toContain(ENDS);
    await someone();
    expect(await pageOf()).toContain(ENDS);
    expect(await pageOf()).not.toContain(CONFIRM);
  } finally {
    Object.assign(env(), { features });
  }
});
