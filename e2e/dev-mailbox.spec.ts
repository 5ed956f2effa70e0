import { openDatabase } from "../lib/testing/look-in";
import { expect, register, test } from "./fixtures";
import { send, textOf, Visitor } from "./support/visitor";

test("in development a page shows the emails, and their links work", async ({ ownServer }) => {
  const { origin, databaseUrl } = await ownServer({}, { isDevelopment: true });
  const visitor = new Visitor(origin);
  const person = await register(visitor);

  const mailbox = textOf((await visitor.get("/dev/mailbox")).body);
  expect(mailbox).toContain(`To ${person.email}`);
  expect(mailbox).toContain("Or type this code within 10 minutes");
  const [link = ""] = /http:\S+\/verify-email\?token=[\w-]+/.exec(mailbox) ?? [];
  const { path, page } = await visitor.follow(link);
  await visitor.send(path, page, { password: person.password }, { button: "Confirm this address" });
  const [row] = await openDatabase(databaseUrl).query<{ emailVerified: unknown }>(
    'SELECT "emailVerified" FROM "User" WHERE "email" = ?',
    person.email,
  );
  expect(row?.emailVerified).not.toBeNull();
});

test("anywhere else there is no such page, with a mail server or without", async ({
  site,
  sharedServer,
  sharedMailbox,
}) => {
  const withMail = await sharedServer(sharedMailbox.settings);
  for (const { origin } of [site, withMail])
    expect((await send(`${origin}/dev/mailbox`)).status, origin).toBe(404);
});
