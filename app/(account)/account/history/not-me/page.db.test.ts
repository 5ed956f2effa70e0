import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { expect, vi } from "vitest";

await vi.hoisted(async () => (await import("@/lib/testing/mailbox")).startMailbox());

/** The cookies of this browser. */
const jar = vi.hoisted(() => new Map<string, string>());
vi.mock("@/lib/auth/log-in", () => ({ logIn: null, logOut: null })); // next-auth is not made for Node alone
vi.mock("next/headers", () => ({
  headers: async () => new Headers(),
  cookies: async () => ({
    get: (name: string) => (jar.has(name) ? { name, value: jar.get(name) } : undefined),
    getAll: () => [...jar].map(([name, value]) => ({ name, value })),
  }),
}));

import { PageProvider } from "@/components/form/page-context";
import { newPageMarks } from "@/lib/auth";
import { db } from "@/lib/platform/db";
import { makeLinkToken } from "@/lib/security/link-tokens";
import { openSession } from "@/lib/security/sessions";
import { connectionOf } from "@/lib/testing/connections";
import { itOnce as it } from "@/lib/testing/it-once";
import { newClient, newEmail, newPerson } from "@/lib/testing/people";
import { cookieNames } from "@/lib/web/cookies";
import NotMePage from "./page";

const ALONE = "Lock it without a proof";

async function pageOf({ id }: { id: string }): Promise<string> {
  jar.set(cookieNames.session(), (await openSession(id, false, newClient())).token);
  const children = await NotMePage();
  return renderToStaticMarkup(
    createElement(PageProvider, { marks: newPageMarks(null), origin: "", children }),
  );
}

it("offers a lock without a proof beside a connection, and not beside a moved address, whose former mailbox it names", async () => {
  const person = await newPerson();
  expect(await pageOf(person)).not.toContain(ALONE);
  await connectionOf(person);
  const connected = await pageOf(person);
  for (const words of [ALONE, "Your connections end.", "Its connections stay", "See your connections"])
    expect(connected).toContain(words);

  const { id: userId, email: address, emailCanonical } = person;
  await db.$transaction((tx) => makeLinkToken("restore-email", { userId, emailCanonical, address }, tx));
  const email = newEmail();
  const data = { email, emailCanonical: email.toLowerCase() };
  await db.user.update({ where: { id: userId }, data, select: { id: true } });
  const moved = await pageOf(person);
  expect(moved).not.toContain(ALONE);
  expect(moved).toContain(`Open the email that we sent to ${address}`);
});
