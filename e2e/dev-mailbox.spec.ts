import { networkInterfaces } from "node:os";
import { openDatabase } from "../lib/testing/look-in";
import { enter, expect, newMember, test, testWithMail } from "./fixtures";
import { siteOn } from "./support/sites";
import { send, textOf, Visitor } from "./support/visitor";

test("in development a page shows the emails, and their links work: for this machine alone, by none of its other names and addresses, and through no proxy", async ({
  ownServer,
}) => {
  const { origin, databaseUrl } = await ownServer({}, { isDevelopment: true });
  const database = openDatabase(databaseUrl);
  const [visitor, person] = [new Visitor(origin), await newMember(database, { isVerified: false })];
  await enter(database, visitor, person);
  // A page that sends an email and is what its link opens, too: every further one takes seconds to compile.
  await visitor.submit("/verify-email", {}, { button: "Send another email" });

  const mailbox = textOf((await send(`${origin}/dev/mailbox`)).body);
  expect(mailbox).toContain(`To ${person.email}`);
  expect(mailbox).toContain("Or type this code within 10 minutes");
  const [link = ""] = /http:\S+\/verify-email\?token=[\w-]+/.exec(mailbox) ?? [];
  const { path, page } = await visitor.follow(link);
  await visitor.send(path, page, {}, { button: "Confirm this address" });
  const [row] = await database.query<{ emailVerified: unknown }>(
    'SELECT "emailVerified" FROM "User" WHERE "email" = ?',
    person.email,
  );
  expect(row?.emailVerified).not.toBeNull();

  const { host, port } = new URL(origin);
  expect((await send(`${origin}/dev/mailbox`)).status).toBe(200);
  for (const headers of [
    { host: `accounts.example:${port}` },
    { host: `localhost.evil.example:${port}` },
    { host, "x-forwarded-for": "127.0.0.1" },
    { host, "x-forwarded-host": host },
    { host, forwarded: "for=127.0.0.1" },
    { host, via: "1.1 proxy" },
  ])
    expect((await send(`${origin}/dev/mailbox`, { headers })).status, JSON.stringify(headers)).toBe(404);
  const addresses = Object.values(networkInterfaces()).flatMap((found) => found ?? []);
  for (const { address } of addresses.filter(({ family, internal }) => family === "IPv4" && !internal)) {
    const { status } = await send(`http://${address}:${port}/dev/mailbox`, { headers: { host } });
    expect(status, address).toBe(404);
  }
});

testWithMail(
  "anywhere else there is no such page, with a mail server or without",
  async ({ server, databaseKind, serverKind }) => {
    for (const { origin } of [siteOn({ databaseKind, serverKind }), server])
      expect((await send(`${origin}/dev/mailbox`)).status, origin).toBe(404);
  },
);
