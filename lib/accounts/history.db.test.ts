import { describe, expect, it } from "vitest";
import { seal } from "../platform/crypto/seal";
import { db } from "../platform/db";
import { EVENTS } from "../platform/events";
import { HISTORY_ROWS_PER_DAY, HISTORY_ROWS_PER_NETWORK } from "../shared/limits";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../shared/units";
import { runsOn } from "../testing/database";
import { describeOnce, itOnce } from "../testing/it-once";
import { openDatabase } from "../testing/look-in";
import * as people from "../testing/people";
import { HISTORY_PAGE, historyCsv, readHistory } from "./history";
import { describeEvent, describeProof } from "./history-words";

/** Someone of whose history nothing is kept yet. */
async function newPerson(): Promise<people.Person> {
  const person = await people.newPerson();
  await db.auditEvent.deleteMany({ where: { userId: person.id } });
  return person;
}

/** Midday, so that some hours before and after are the same day. */
const NOON = Date.parse("2026-11-22T12:00:00Z");

const FIREFOX = "Firefox/140.0 Linux";

interface Row {
  event: string;
  at: number;
  ip?: string | null;
  userAgent?: string | null;
}

const write = ({ id: userId }: { id: string }, rows: Row[]) =>
  db.auditEvent.createMany({
    data: rows.map(({ ip = "203.0.113.7", userAgent = FIREFOX, at, event }) => ({
      userId,
      event,
      at: new Date(at),
      ip,
      userAgent,
    })),
  });

const row = (event: string, at: number, ip?: string | null): Row => ({ event, at, ip });

/** As many rows, a minute apart, the newest at `at`. */
const rows = (count: number, event: string, at = NOON, ip?: string | null): Row[] =>
  Array.from({ length: count }, (_, index) => row(event, at - index * MINUTE_MS, ip));

/** All pages, one after the other; ten at most, for one that leads to itself. */
async function pagesOf({ id }: { id: string }) {
  const pages = [await readHistory(id, null)];
  for (let last = pages[0]; last?.older && pages.length < 10; ) {
    last = await readHistory(id, last.older);
    pages.push(last);
  }
  return pages;
}

const toldOf = async (person: { id: string }) =>
  (await pagesOf(person)).flatMap(({ entries }) =>
    entries.map(({ event, count, isMore }) => describeEvent(event, count, isMore)),
  );

describe("readHistory", () => {
  it("tells everything of one account, the newest first, 25 a page, each once", async () => {
    const [person, other] = [await newPerson(), await newPerson()];
    await write(person, rows(2 * HISTORY_PAGE + 3, "login"));
    await write(other, rows(3, "logout"));
    const pages = await pagesOf(person);
    expect(pages.map(({ entries }) => entries.length)).toEqual([HISTORY_PAGE, HISTORY_PAGE, 3]);
    expect(pages.map(({ isFirst }) => isFirst)).toEqual([true, false, false]);
    const moments = pages.flatMap(({ entries }) => entries.map(({ at }) => at.getTime()));
    expect(moments).toEqual(Array.from({ length: 53 }, (_, index) => NOON - index * MINUTE_MS));
  });

  it("tells each once where all happened at one moment", async () => {
    const person = await newPerson();
    await write(
      person,
      Array.from({ length: 60 }, () => row("login", NOON)),
    );
    const ids = (await pagesOf(person)).flatMap(({ entries }) => entries.map(({ id }) => id));
    expect(new Set(ids).size).toBe(60);
    expect(ids).toHaveLength(60);
  });

  itOnce("has no further page where the last one is full to the end", async () => {
    const person = await newPerson();
    await write(person, rows(HISTORY_PAGE, "login"));
    expect(await readHistory(person.id, null)).toMatchObject({ older: null });
    expect(await readHistory((await newPerson()).id, null)).toEqual({
      entries: [],
      isFirst: true,
      older: null,
    });
  });

  it("folds a day's failures of one network, and nothing else", async () => {
    const person = await newPerson();
    await write(person, [
      row("login", NOON),
      ...rows(4, "login-failed", NOON - HOUR_MS, "2001:db8:1:1::1"),
      row("login-failed", NOON - 2 * HOUR_MS, "2001:db8:1:1:ffff::2"), // the same /64
      row("login-failed", NOON - 2 * HOUR_MS - 1, "198.51.100.1"),
      row("reset-requested", NOON - 3 * HOUR_MS),
      ...rows(2, "login", NOON - 4 * HOUR_MS),
      ...rows(2, "login-failed", NOON - DAY_MS, "198.51.100.1"),
      ...rows(2, "login-failed", NOON - 2 * DAY_MS, null),
    ]);
    expect(await toldOf(person)).toEqual([
      "You logged in",
      "5 wrong passwords were typed",
      "A wrong password was typed",
      "A link to choose a new password was asked for",
      "You logged in",
      "You logged in",
      "2 wrong passwords were typed",
      "2 wrong passwords were typed",
    ]);
  });

  it("counts what is folded as a whole, however the pages and the reads divide it", async () => {
    const person = await newPerson();
    // 500 rows of one day and network lie between and around 60 logins.
    const failures = Array.from({ length: 500 }, (_, index) =>
      row("login-failed", NOON - 10 - index * 1000, "198.51.100.1"),
    );
    const logins = Array.from({ length: 60 }, (_, index) => row("login", NOON - index * 8000 - 5));
    await write(person, [...failures, ...logins]);
    const told = await toldOf(person);
    expect(told.filter((words) => words === "500 or more wrong passwords were typed")).toHaveLength(1);
    expect(told).toHaveLength(61);
  });

  itOnce("says that there may have been more where no more are kept", async () => {
    const person = await newPerson();
    await write(person, rows(HISTORY_ROWS_PER_NETWORK, "login-failed"));
    expect(await toldOf(person)).toEqual([`${HISTORY_ROWS_PER_NETWORK} or more wrong passwords were typed`]);
  });

  itOnce(
    "says so of every network where a kind has had all of its rows, and of no other kind or day",
    async () => {
      const person = await newPerson();
      const networks = HISTORY_ROWS_PER_DAY / 2;
      for (let network = 0; network < networks; network++)
        await write(person, rows(2, "login-failed", NOON, `198.51.100.${network}`));
      await write(person, [row("reset-requested", NOON - HOUR_MS), row("login-failed", NOON - DAY_MS)]);
      expect(await toldOf(person)).toEqual([
        ...Array.from({ length: networks }, () => "2 or more wrong passwords were typed"),
        "A link to choose a new password was asked for",
        "A wrong password was typed",
      ]);
    },
  );

  it("folds what somebody with a session does again and again, and hides nothing else", async () => {
    const person = await newPerson();
    await write(person, [row("password-changed", NOON + 1), row("login", NOON)]);
    for (const event of ["logout", "browser-forgotten", "session-ended", "data-exported", "session-expired"])
      await write(person, rows(HISTORY_ROWS_PER_NETWORK, event, NOON - 1));
    await write(person, [row("email-changed", NOON - DAY_MS)]);
    const told = await toldOf(person);
    expect(told).toHaveLength(8);
    expect(told).toContain("You logged out 20 or more times");
    expect(told.slice(0, 2)).toEqual(["Your password was changed", "You logged in"]);
    expect(told.at(-1)).toBe("Your email address was changed");
  });

  itOnce("shows the first page for a broken cursor and for one of another account", async () => {
    const [person, other] = [await newPerson(), await newPerson()];
    for (const somebody of [person, other]) await write(somebody, rows(30, "login"));
    const first = await readHistory(person.id, null);
    const cursor = first.older ?? "";
    expect(cursor).not.toContain(person.id);
    const theirs = (await readHistory(other.id, null)).older;
    for (const broken of [
      theirs,
      "",
      "garbage",
      cursor.slice(1),
      `${cursor}A`,
      seal(person.id, JSON.stringify([0, "x"])),
      "A".repeat(5000),
      "\0",
      [cursor, cursor],
      undefined,
    ])
      expect((await readHistory(person.id, broken)).entries, String(broken).slice(0, 20)).toEqual(
        first.entries,
      );
    expect((await readHistory(person.id, cursor)).isFirst).toBe(false);
  });
});

describeOnce("describeEvent", () => {
  /** Events of the server, and those that have no row. */
  const NO_ROW = new Set<string>([
    ...["refused-request", "mail-delayed", "mail-failed", "unavailable", "available", "error"],
    ...Object.keys(EVENTS).filter((event) => event.endsWith("-throttled")),
    ...["account-lapsed", "account-erased", "cleaned-up"],
  ]);

  it("has words of its own for every event that has rows", () => {
    const told = Object.keys(EVENTS)
      .filter((event) => !NO_ROW.has(event))
      .map((event) => describeEvent(event));
    expect(told).not.toContain("Something else happened");
    expect(new Set(told).size).toBe(told.length);
  });

  it.each([
    ["password", "with your password"],
    ["password+code", "with your password and a code from your authenticator app"],
    ["password+trusted-browser", "with your password and a browser that is not asked for a code"],
    ["telepathy+recovery-code", "with a recovery code"],
    ["__proto__", null],
    ["", null],
    [null, null],
  ])("tells how a login was proved: %j", (how, words) => {
    expect(describeProof(how)).toBe(words);
  });

  it.each(["", "of-another-release", "__proto__", "constructor"])("says little of %j", (event) => {
    expect(describeEvent(event, 3)).toBe("Something else happened");
  });
});

describe("historyCsv", () => {
  it("has a line for every event, of one account, and runs nothing in a spreadsheet", async () => {
    const [person, other] = [await newPerson(), await newPerson()];
    await write(person, rows(205, "login-failed"));
    await write(person, [{ event: "login", at: NOON + 1, ip: null, userAgent: '=HYPERLINK("x")' }]);
    await write(other, rows(2, "logout"));
    const lines: string[] = [];
    for await (const line of historyCsv(person.id)) lines.push(line);
    expect(lines).toHaveLength(1 + 1 + 205);
    expect(lines[1]).toBe(
      `"2026-11-22T12:00:00.001Z","You logged in","","login","an unknown device","'=HYPERLINK(""x"")",""\r\n`,
    );
    expect(lines[2]).toBe(
      `"2026-11-22T12:00:00.000Z","A wrong password was typed","","login-failed","Firefox on Linux","${FIREFOX}","203.0.113.7"\r\n`,
    );
    expect(lines.join("")).not.toContain("logout");
  });
});

describe("the tables behind the account's pages", () => {
  it("are read by their indexes", async () => {
    const people = await Promise.all(Array.from({ length: 20 }, () => newPerson()));
    for (const person of people) await write(person, rows(100, "login"));
    await db.session.createMany({
      data: people.flatMap(({ id: userId }) =>
        Array.from({ length: 20 }, () => ({
          userId,
          tokenHash: crypto.randomUUID(),
          expiresAt: new Date(NOON),
        })),
      ),
    });
    const database = openDatabase(process.env.DATABASE_URL ?? "");
    await database.query("ANALYZE");
    const explain = runsOn() === "sqlite" ? "EXPLAIN QUERY PLAN" : "EXPLAIN";
    const id = people[0]?.id ?? "";
    const at = new Date(NOON - HOUR_MS);
    const history = await database.query(
      `${explain} SELECT "id" FROM "AuditEvent" WHERE "userId" = ? AND "at" <= ? AND ("at" < ? OR "id" < ?) ORDER BY "at" DESC, "id" DESC LIMIT 200`,
      ...[id, at, at, "x"],
    );
    expect(JSON.stringify(history)).toContain("AuditEvent_userId_at_idx");
    const sessions = await database.query(`${explain} SELECT "id" FROM "Session" WHERE "userId" = ?`, id);
    expect(JSON.stringify(sessions)).toContain("Session_userId_idx");
  });
});
