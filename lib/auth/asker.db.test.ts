import { expect, vi } from "vitest";

await vi.hoisted(async () => {
  const { PROVIDERS } = await import("../testing/provider-settings");
  Object.assign(process.env, PROVIDERS);
});
/** The cookies of the browser that asks. */
const jar = vi.hoisted(() => new Map<string, string>());
vi.mock("./log-in", () => ({ pathAfter: null })); // next-auth is not made for Node alone
vi.mock("next/headers", () => ({
  cookies: async () => ({
    getAll: () => [...jar].map(([name, value]) => ({ name, value })),
    get: (name: string) => (jar.has(name) ? { name, value: jar.get(name) } : undefined),
    set: (name: string, value: string) => void jar.set(name, value),
  }),
  headers: async () => new Headers(),
}));

import { db } from "../platform/db";
import { connectionOf } from "../testing/connections";
import { itOnce as it } from "../testing/it-once";
import { newPerson } from "../testing/people";
import { asksPassword, currentAsker } from "./asker";
import { writeVoucher } from "./providers/journey";

const byProvider = { takesProviders: true };

it("believes a provider that vouches for an account until its connection is gone, and then asks for the password", async () => {
  const person = await newPerson({ isVerified: false });
  const connection = await connectionOf(person);
  await writeVoucher({ ...person, connection });
  expect(await asksPassword(person, byProvider)).toBe(false);
  expect(await asksPassword(await newPerson(), byProvider), "another account").toBe(true);
  expect(await currentAsker("")).toMatchObject({ vouched: { id: person.id } });
  await db.account.deleteMany({ where: { userId: person.id } });
  expect(await asksPassword(person, byProvider)).toBe(true);
  expect(await currentAsker("")).toMatchObject({ vouched: null });
});
