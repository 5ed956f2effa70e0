import { execFile } from "node:child_process";
import { Agent, type IncomingMessage, request } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { openDatabase } from "../lib/testing/look-in";
import { expect, newMember, newStranger, type Person, test, tryLogIn } from "./fixtures";
import { eventsIn, readLog } from "./support/log";
import { type AppServer, freePort } from "./support/server";
import { newAddress, textOf, Visitor } from "./support/visitor";

const TWO = { WEB_CONCURRENCY: "2" };

test("two processes make accounts, count and send emails as one, and end with their primary", async ({
  ownServer,
  ownMailbox,
}) => {
  const server = await ownServer({ ...TWO, ...ownMailbox.settings, PORT: String(await freePort()) });
  await expect.poll(() => messagesOf(server)).toContain("2 processes answer requests");
  const people = Array.from({ length: 6 }, newStranger);
  const answers = await Promise.all(people.map((person) => submitRegistration(server, person)));
  expect(answers.map(({ location }) => location)).toEqual(people.map(() => `${server.origin}/login`));
  for (const { email } of people) await ownMailbox.latest(email, "verify-email");

  const member = await newMember(openDatabase(server.databaseUrl));
  const guesser = new Visitor(server.origin);
  const guesses: string[] = [];
  for (let count = 1; count <= 6; count++)
    guesses.push(textOf((await tryLogIn(guesser, { ...member, password: "not the one" })).body));
  expect(guesses.filter((text) => text.includes("Login Unsuccessful"))).toHaveLength(5);

  const flood = new Visitor(server.origin);
  const page = await flood.get("/login");
  const forms = Array.from({ length: 60 }, () =>
    flood.send("/login", page, { email: "no email", password: "not the one" }),
  );
  expect((await Promise.all(forms)).filter(({ status }) => status === 429)).toHaveLength(10);

  const events = eventsIn(server.output());
  const answered = events.filter(({ event }) => event === "registered" || event === "refused-request");
  expect(new Set(answered.map(({ pid }) => pid)).size, "both have answered").toBe(2);
  for (const { email } of people) expect(ownMailbox.to(email, "verify-email")).toHaveLength(1);

  const workers = await workersOf(server);
  server.kill("SIGKILL");
  await expect.poll(() => workers.filter(isAlive)).toEqual([]);
  await ownServer({ ...server.settings, WEB_CONCURRENCY: "1" }); // the port is free again
});

test("processes are replaced by SIGHUP and after a kill -9, and stop at a signal: no one else notices", async ({
  ownServer,
}) => {
  const server = await ownServer(TWO);
  await expect.poll(() => messagesOf(server)).toContain("2 processes answer requests");
  const before = await workersOf(server);
  const regulars = startVisits(server.origin, { keepsConnection: true });
  await regulars.seen(20);
  server.kill("SIGHUP");
  await expect.poll(() => messagesOf(server), { timeout: 60_000 }).toContain("Every process is a new one");
  await regulars.seen(20);
  expect(await regulars.stop(), "no request is lost").toEqual([]);
  const now = (await workersOf(server)).filter((pid) => !before.includes(pid));
  expect(now).toHaveLength(2);

  const visits = startVisits(server.origin, { keepsConnection: false });
  await visits.seen(20);
  process.kill(now[0] ?? 0, "SIGKILL");
  await expect
    .poll(async () => (await workersOf(server)).filter((pid) => ![...before, ...now].includes(pid)), {
      timeout: 60_000,
    })
    .toHaveLength(1);
  await visits.seen(20);
  const lost = await visits.stop();
  expect(lost.length, `the requests in the other one go on: ${lost}`).toBeLessThan(VISITORS);

  const answer = submitRegistration(server, newStranger());
  await expect.poll(() => countOfForms(server)).toBe(1);
  server.kill("SIGTERM");
  expect((await answer).location).toBe(`${server.origin}/login`);
  expect(await server.exit).toBe(0);
  expect((await workersOf(server)).filter(isAlive)).toEqual([]);
});

/** The processes that answer, by their numbers: the primary's children. */
async function workersOf({ pid }: AppServer): Promise<number[]> {
  const { stdout } = await promisify(execFile)("pgrep", ["-P", String(pid)]).catch(() => ({ stdout: "" }));
  return stdout.split("\n").filter(Boolean).map(Number);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function messagesOf(server: AppServer): (string | undefined)[] {
  return readLog(server.output()).map(({ msg }) => msg);
}

/** How many forms have been taken up. */
async function countOfForms({ databaseUrl }: AppServer): Promise<number> {
  return (await openDatabase(databaseUrl).query('SELECT "id" FROM "SentForm"')).length;
}

function submitRegistration({ origin }: AppServer, { username, email, password }: Person) {
  return new Visitor(origin).submit("/register", { username, email, password, confirmation: password });
}

/** People who look at pages at the same time. */
const VISITORS = 4;

/** Between two pages of one of them, in milliseconds: without it they would take the core that new processes start on. */
const PACE_MS = 50;

/** Opens a page again and again until it is stopped; that answers what went wrong. */
function startVisits(origin: string, { keepsConnection }: { keepsConnection: boolean }) {
  const [failures, waiting]: [string[], { at: number; resolve: () => void }[]] = [[], []];
  let [seen, isOver] = [0, false];
  const visit = async () => {
    const agent = new Agent({ keepAlive: keepsConnection, maxSockets: 1 });
    const address = newAddress();
    while (!isOver) {
      const failure = await open(`${origin}/login?again`, agent, address);
      if (failure !== null) failures.push(failure);
      seen++;
      for (const { at, resolve } of waiting) if (seen >= at) resolve();
      await delay(PACE_MS);
    }
    agent.destroy();
  };
  const visits = Promise.all(Array.from({ length: VISITORS }, visit));
  return {
    seen: (more: number) => new Promise<void>((resolve) => waiting.push({ at: seen + more, resolve })),
    async stop(): Promise<string[]> {
      isOver = true;
      await visits;
      return failures;
    },
  };
}

/** Null when a whole page came; else what went wrong. */
function open(url: string, agent: Agent, address: string): Promise<string | null> {
  return new Promise((resolve) => {
    const asked = request(
      url,
      { agent, headers: { "x-forwarded-for": address } },
      (answer: IncomingMessage) => {
        answer.once("error", (error) => resolve(String(error)));
        answer.once("end", () => resolve(answer.statusCode === 200 ? null : `status ${answer.statusCode}`));
        answer.resume();
      },
    );
    asked.once("error", (error) => resolve(String(error)));
    asked.end();
  });
}
