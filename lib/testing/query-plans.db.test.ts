import { readFileSync } from "node:fs";
import { expect, it, vi } from "vitest";

const { missedSites, mailbox } = await vi.hoisted(async () => {
  const { watchQuerySites } = await import("./query-sites");
  const { startMailbox } = await import("./mailbox");
  const { FORMER_SECRET } = await import("./former-secret");
  const { PROVIDERS } = await import("./provider-settings");
  return {
    missedSites: watchQuerySites(),
    mailbox: await startMailbox({
      ...PROVIDERS,
      REQUIRE_VERIFIED_EMAIL: "true",
      AUTH_SECRET_PREVIOUS: FORMER_SECRET,
    }),
  };
});

import { WALKS } from "./every-query";
import { findScans, statementsOf } from "./query-plans";

const URL = process.env.DATABASE_URL ?? "";

/** Whole tables that are read all the same. */
const MAY_SCAN: [statement: RegExp, reason: string][] = [
  [/^SELECT .*OutboxEmail. WHERE 1=1 ORDER BY .*createdAt. DESC/, "the development mailbox shows all"],
  [/^DELETE .*OutboxEmail.*expiresAt. < /, "the development mailbox: where emails leave, nothing asks this"],
];

/** Queries whose plan is another's, in the same words. */
const NOT_WALKED: [site: RegExp, reason: string][] = [
  [/log-in-with-password.*findUnique/, "after a race of two logins, by the id"],
];

it("finds what it asks for by an index, in every query of the app", async () => {
  const sent = await statementsOf(async () => {
    for (const walk of WALKS) await walk(mailbox);
  });
  const missed = missedSites();
  expect.soft(missed.filter((site) => !NOT_WALKED.some(([known]) => known.test(site)))).toEqual([]);
  const scans = await findScans(URL, sent);
  expect.soft(scans.filter(({ sql }) => !MAY_SCAN.some(([known]) => known.test(sql)))).toEqual([]);
  expect(sent.length).toBeGreaterThan(100);
});

it("follows every foreign key from its index when a row goes that others hang on", async () => {
  const schema = readFileSync("prisma/schema.prisma", "utf8");
  const keys = [...schema.matchAll(/^model (\w+) \{([\s\S]*?)^\}/gm)].flatMap(([, model, body = ""]) =>
    [...body.matchAll(/@relation\(fields: \[(\w+)\]/g)].map(([, column]) => ({ model, column })),
  );
  expect(keys.length).toBeGreaterThan(5);
  const statements = keys.map(({ model, column }) => ({
    sql: `SELECT 1 FROM "${model}" WHERE "${column}" = 'an id'`,
    values: [],
  }));
  expect(await findScans(URL, statements)).toEqual([]);
});
