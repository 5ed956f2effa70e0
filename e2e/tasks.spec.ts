import type { Mailbox } from "../lib/testing/mail-sink";
import { expect, newStranger, test } from "./fixtures";
import { send, Visitor } from "./support/visitor";

const SECRET = "what a scheduler knows, and no visitor does";

const withTasks = ({ settings }: Mailbox) => ({ ...settings, TASKS_SECRET: SECRET });

const bearer = (secret: string) => ({ headers: { authorization: `Bearer ${secret}` } });

test("a scheduler sends the emails that wait, and removes what has expired", async ({
  sharedServer,
  sharedMailbox: mailbox,
}) => {
  const server = await sharedServer(withTasks(mailbox));
  mailbox.hold();
  const { email } = newStranger();
  await new Visitor(server.origin).submit("/forgot-password", { email });
  mailbox.release();
  for (const method of ["GET", "POST"]) {
    const answer = await send(`${server.origin}/api/tasks`, { method, ...bearer(SECRET) });
    expect([answer.status, answer.body]).toEqual([200, '{"status":"ok"}']);
  }
  expect((await mailbox.latest(email, "no-account")).text).not.toContain("token");
});

for (const [what, headers] of [
  ["no secret", {}],
  ["another secret", { authorization: "Bearer something else of thirty-two characters" }],
  ["the secret alone", { authorization: SECRET }],
  ["the secret and more", { authorization: `Bearer ${SECRET}x` }],
] as const)
  test(`a request with ${what} runs no task`, async ({ sharedServer, sharedMailbox }) => {
    const { origin } = await sharedServer(withTasks(sharedMailbox));
    const answer = await send(`${origin}/api/tasks`, { method: "POST", headers });
    expect(answer.status).toBe(401);
    expect(answer.headers["www-authenticate"]).toBe("Bearer");
  });

test("without a secret there is no route for a scheduler", async ({ site }) => {
  for (const options of [{}, bearer(SECRET), bearer("undefined"), bearer("")])
    expect((await send(`${site.origin}/api/tasks`, options)).status).toBe(404);
});
