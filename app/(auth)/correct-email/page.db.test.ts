import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { expect, it, vi } from "vitest";

await vi.hoisted(async () => {
  const { startMailbox } = await import("@/lib/testing/mailbox");
  const { PROVIDERS } = await import("@/lib/testing/provider-settings");
  await startMailbox({ ...PROVIDERS, REQUIRE_VERIFIED_EMAIL: "true" });
});

/** The cookies of this browser. */
const jar = vi.hoisted(() => new Map<string, string>());
vi.mock("@/lib/auth/log-in", () => ({ logIn: null, logOut: null })); // next-auth is not made for Node alone
vi.mock("next/headers", () => ({
  headers: async () => new Headers({ "next-action": "sent by a script" }),
  cookies: async () => ({
    get: (name: string) => (jar.has(name) ? { name, value: jar.get(name) } : undefined),
    getAll: () => [...jar].map(([name, value]) => ({ name, value })),
    set: (name: string, value: string) => void jar.set(name, value),
  }),
}));

import { PageProvider } from "@/components/form/page-context";
import { newPageMarks } from "@/lib/auth";
import { writeVoucher } from "@/lib/auth/providers/journey";
import { db } from "@/lib/platform/db";
import { PASSWORD_ENDS_CONNECTIONS } from "@/lib/shared/connections";
import { connectionOf, dropPassword } from "@/lib/testing/connections";
import { newPerson } from "@/lib/testing/people";
import CorrectEmailPage from "./page";

async function pageOf(): Promise<string> {
  const children = await CorrectEmailPage();
  return renderToStaticMarkup(
    createElement(PageProvider, { marks: newPageMarks(null), origin: "", children }),
  );
}

it("says what a new password ends where a provider vouches for a used account, and keeps the form for another's", async () => {
  const person = await newPerson({ isVerified: false });
  await writeVoucher({ id: person.id, connection: await connectionOf(person) });
  const own = await pageOf();
  expect(own).toContain(`${person.email}, which is not yours`);
  expect(own).not.toContain('name="password"');

  await db.user.update({ where: { id: person.id }, data: { firstLoginAt: new Date() } });
  const withPassword = await pageOf();
  expect(withPassword).toContain('name="password"');
  expect(withPassword).not.toContain(PASSWORD_ENDS_CONNECTIONS);
  await dropPassword(person);
  const without = await pageOf();
  expect(without).toContain(PASSWORD_ENDS_CONNECTIONS);
  expect(without, "an account of somebody else at this browser").toContain('name="password"');
});
