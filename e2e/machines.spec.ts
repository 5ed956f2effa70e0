import { setTimeout as delay } from "node:timers/promises";
import {
  announced,
  enter,
  expect,
  field,
  fillIn,
  greetingOf,
  heading,
  newMember,
  newStranger,
  type Person,
  press,
  SESSION_COOKIE,
} from "./fixtures";
import { expectNoBarriers } from "./support/axe";
import { type Machines, testMachines as test } from "./support/machines";
import type { Answer, Visitor } from "./support/visitor";

const UNAVAILABLE = "This site is unavailable right now";

/** Between two things that one of them does, in milliseconds: without it they would take a core. */
const PACE_MS = 100;

/** Answers under way at a time, and instances killed. */
const [AT_ONCE, KILLED] = [2, 2];

test.use({ ignoreHTTPSErrors: true, expectsFailures: true });

test("behind nginx instances are killed in turn and PostgreSQL restarts: nobody is logged out, and nothing acknowledged is lost", {
  tag: "@postgres",
}, async ({ page, machines, loggedIn, ownPostgres, ownMailbox }) => {
  const { instances, database } = machines;
  const { username } = await loggedIn();
  await page.goto("/");
  await expect(heading(page, greetingOf(username))).toBeVisible();
  const traffic = await startTraffic(machines);
  await traffic.goesOn();

  instances[0].kill("SIGKILL");
  await traffic.goesOn();
  expect(traffic.pagesLost, "a page is asked of the other one").toBe(0);
  expect((await page.goto("/account"))?.status()).toBe(200);

  await ownPostgres.stopServer();
  expect((await page.goto("/account"))?.status()).toBe(503);
  await expect(heading(page, UNAVAILABLE)).toBeVisible();
  await ownPostgres.startAgain();
  await traffic.goesOn();
  expect((await page.goto("/account"))?.status()).toBe(200);

  await fillIn(page, { "Display name": "Ada of two machines" });
  instances[1].kill("SIGKILL");
  await instances[1].exit;
  await press(page, "Save display name");
  await expect(announced(page, "alert", "try again")).toBeVisible();
  const last = await page.context().newPage();
  expect((await last.goto("/account"))?.status()).toBe(503);
  await expect(heading(last, UNAVAILABLE)).toBeVisible();
  await expectNoBarriers(last);

  await machines.restart(instances[0]);
  await traffic.goesOn();
  await press(page, "Save display name");
  await expect(announced(page, "status", "Your display name is saved.")).toBeVisible();
  await expect(field(page, "Display name")).toHaveValue("Ada of two machines");

  const told = await traffic.stop();
  const rows = await database.query<{ email: string }>('SELECT "email" FROM "User"');
  const kept = new Set(rows.map(({ email }) => email));
  expect(told.filter(({ email }) => !kept.has(email))).toEqual([]);
  await database.query('UPDATE "OutboxEmail" SET "dueAt" = ?', new Date()); // the time of the killed is over
  for (const { email } of told) await ownMailbox.latest(email, "verify-email");
});

/** One person who looks at their account and others who register, one after another, until they are stopped. */
async function startTraffic({ database, newVisitor }: Machines) {
  const inside = newVisitor();
  await enter(database, inside, await newMember(database));
  const [told, trouble]: [Person[], string[]] = [[], []];
  const waiting = new Set<{ pages: number; told: number; resolve: () => void }>();
  let [pages, pagesLost, cutOff, isOver] = [0, 0, 0, false];

  async function look(): Promise<void> {
    const answer = await inside.get("/account");
    if (answer.status === 200) pages++;
    else if (isUnavailable(answer)) pagesLost++;
    else trouble.push(`${answer.status} for /account, to ${answer.location}`);
    if (!inside.cookies.has(SESSION_COOKIE)) trouble.push("the session's cookie was taken");
  }

  async function register(): Promise<void> {
    const [visitor, person] = [newVisitor(), newStranger()];
    const form = await visitor.get("/register");
    if (form.status !== 200) pagesLost++;
    const answer = form.status === 200 ? await submit(visitor, form, person) : form;
    if (answer.location === `${visitor.origin}/login`) told.push(person);
    else if (!isUnavailable(answer))
      trouble.push(`${answer.status} for a registration, to ${answer.location}`);
  }

  async function repeat(work: () => Promise<void>): Promise<void> {
    while (!isOver) {
      await work().catch((error: unknown) => {
        if (String(error) === "Error: aborted") cutOff++;
        else trouble.push(String(error));
      });
      for (const wait of waiting)
        if (trouble.length > 0 || (pages >= wait.pages && told.length >= wait.told)) wait.resolve();
      await delay(PACE_MS);
    }
  }

  const all = Promise.all([repeat(look), repeat(register)]);
  return {
    /** Pages that nobody could show. */
    get pagesLost() {
      return pagesLost;
    },
    /** Resolves when some more pages were seen and some more people told that they have an account. */
    async goesOn(): Promise<void> {
      await new Promise<void>((resolve) => waiting.add({ pages: pages + 2, told: told.length + 2, resolve }));
      expect(trouble).toEqual([]);
    },
    /** Ends it, and answers who has an account as far as they know. */
    async stop(): Promise<Person[]> {
      isOver = true;
      await all;
      expect(trouble).toEqual([]);
      expect(cutOff, "answers that had begun when an instance was killed").toBeLessThanOrEqual(
        AT_ONCE * KILLED,
      );
      return told;
    },
  };
}

function submit(visitor: Visitor, form: Answer, { username, email, password }: Person): Promise<Answer> {
  return visitor.send("/register", form, { username, email, password, confirmation: password });
}

/** A page that says so, or a form with what was typed; and when to come again. */
function isUnavailable({ status, headers }: Answer): boolean {
  return status === 503 && Number(headers["retry-after"]) > 0;
}
