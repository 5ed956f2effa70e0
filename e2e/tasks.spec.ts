import { expect, newStranger, test as story, TASKS_SECRET, testWithMail as test } from "./fixtures";
import { send, Visitor } from "./support/visitor";

const bearer = (secret: string) => ({ headers: { authorization: `Bearer ${secret}` } });

test("a scheduler sends the emails that wait, and removes what has expired", async ({ server, mailbox }) => {
  mailbox.hold();
  const { email } = newStranger();
  await new Visitor(server.origin).submit("/forgot-password", { email });
  mailbox.release();
  for (const method of ["GET", "POST"]) {
    const answer = await send(`${server.origin}/api/tasks`, { method, ...bearer(TASKS_SECRET) });
    expect([answer.status, answer.body]).toEqual([200, '{"status":"ok"}']);
  }
  expect((await mailbox.latest(email, "no-account")).text).not.toContain("token");
});

for (const [what, headers] of [
  ["no secret", {}],
  ["another secret", { authorization: "Bearer something else of thirty-two characters" }],
  ["the secret alone", { authorization: TASKS_SECRET }],
  ["the secret and more", { authorization: `Bearer ${TASKS_SECRET}x` }],
] as const)
  test(`a request with ${what} runs no task`, async ({ server }) => {
    const answer = await send(`${server.origin}/api/tasks`, { method: "POST", headers });
    expect(answer.status).toBe(401);
    expect(answer.headers["www-authenticate"]).toBe("Bearer");
  });

story("without a secret there is no route for a scheduler", async ({ site }) => {
  for (const options of [{}, bearer(TASKS_SECRET), bearer("undefined"), bearer("")])
    expect((await send(`${site.origin}/api/tasks`, options)).status).toBe(404);
});
