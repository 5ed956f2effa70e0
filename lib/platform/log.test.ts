import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { collectLog, type LogLines } from "../testing/log-lines";
import { EVENTS, type EventName } from "./events";
import { captureConsole, type EventDetails, log, logError, logEvent, PATH_MAX, pathOf } from "./log";
import { withRequestContext } from "./request-context";

const details: EventDetails = { requestId: "r-1", userId: null, ip: "203.0.113.9" };

let logged: LogLines;

function onlyLine(): Record<string, unknown> {
  const [line, ...others] = logged.lines();
  expect(others).toEqual([]);
  return line ?? {};
}

beforeEach(() => {
  logged = collectLog();
});

describe("a line", () => {
  it("says when in UTC, how loud in a word, and which app, before anything else", () => {
    log().info("Latchkey is ready");
    expect(Object.keys(onlyLine())).toEqual(["level", "time", "app", "pid", "msg"]);
    expect(onlyLine()).toMatchObject({
      level: "info",
      app: "latchkey",
      pid: process.pid,
      msg: "Latchkey is ready",
    });
    expect(onlyLine().time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  });

  it("is left out below the level, all of them when silent", () => {
    logged = collectLog("error");
    logEvent("login", details);
    log().warn("hm");
    expect(logged.lines()).toEqual([]);
    logged = collectLog("silent");
    logError(new Error("unheard"));
    expect(logged.lines()).toEqual([]);
  });

  it.each(["password", "token", "cookie", "email", "passwordHash", "authorization", "set-cookie"])(
    "leaves out the %s of an object that is logged",
    (name) => {
      log().info({ [name]: "hush-hush", user: { [name]: "hush-hush" } });
      expect(logged.text()).not.toContain("hush-hush");
    },
  );
});

describe("logEvent", () => {
  it.each(Object.keys(EVENTS) as EventName[])(
    "has the promised fields in the promised order: %s",
    (event) => {
      logEvent(event, { ...details, userAgent: "Firefox" }, { path: "/login" });
      expect(Object.keys(onlyLine())).toEqual(
        "level time app event requestId userId ip path userAgent pid".split(" "),
      );
      expect(onlyLine()).toMatchObject({ level: EVENTS[event], event, ...details, path: "/login" });
    },
  );

  it.each([
    ["a line feed", '\n{"event":"login","userId":"admin"}'],
    ["a carriage return", "\r"],
    ["a quote", '","event":"login","x":"'],
    ["a backslash at the end", "\\"],
    ["a terminal's colours", "\u001b[2K\u001b[31m"],
    ["a terminal's control sequence of one character", "\u009b2J"],
    ["line separators of Unicode", "\u2028\u2029\u0085\u000b\u000c"],
    ["text that runs backwards", "\u202e"],
    ["half of a pair", "\ud800"],
    ["NUL and DEL", "\u0000\u007f"],
    ["placeholders", "%s %o %n {{7*7}}"],
  ])("keeps %s inside its field, and loses none of it", (_, userAgent) => {
    logEvent("login-failed", { ...details, userAgent }, { path: userAgent });
    expect(onlyLine()).toMatchObject({ event: "login-failed", userId: null, userAgent, path: userAgent });
    expect(logged.text()).toMatch(/^[\x20-\x7e]+\n$/);
  });

  it("is one line of ASCII with what went in, whatever went in", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (path, userAgent) => {
        logged = collectLog();
        logEvent("refused-request", { ...details, userAgent }, { path });
        expect(onlyLine()).toMatchObject({ event: "refused-request", path, userAgent });
        expect(logged.text()).toMatch(/^[\x20-\x7e]+\n$/);
      }),
    );
  });
});

describe("logError", () => {
  it("tells what broke, and where, with what caused it", () => {
    const cause = new TypeError("no such thing");
    logError(new Error("could not", { cause }), { method: "GET", path: "/account" });
    expect(onlyLine()).toMatchObject({
      level: "error",
      event: "error",
      method: "GET",
      path: "/account",
      error: { name: "Error", message: "could not", cause: { name: "TypeError", message: "no such thing" } },
    });
    expect(onlyLine().error).toHaveProperty("stack", expect.stringContaining("log.test.ts"));
  });

  it("knows the request under way", () => {
    const context = { requestId: "r-7", ip: "203.0.113.7", method: "POST", path: "/login" };
    withRequestContext(context, () => logError(new Error("x")));
    expect(onlyLine()).toMatchObject({
      requestId: "r-7",
      ip: "203.0.113.7",
      method: "POST",
      path: "/login",
    });
  });

  it("tells of one error once, however often it is logged", () => {
    const error = new Error("once");
    logError(error);
    logError(error);
    expect(logged.lines()).toHaveLength(1);
    logError(new Error("once"));
    expect(logged.lines()).toHaveLength(2);
  });

  it("warns in one short line when the database is unavailable, and says why and what to do", () => {
    logError(Object.assign(new Error("unable to open"), { rawCode: 14 }));
    expect(onlyLine()).toMatchObject({ level: "warn", event: "unavailable", service: "database" });
    expect(onlyLine().reason).toMatch(/^The database file .*latchkey\.db is away, .*: put it back/);
    expect(logged.text()).not.toContain("stack");
  });

  it.each([
    ["a hash", `$2b$12$${"Ab1./".repeat(10)}Ab1`],
    ["a session token", "q7Jx0yY2bN-cWmPz5uTtVvKkQh8EeRr4LlAaSsDdFfG"],
    ["a token's hash", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"],
    ["a person's address", "ada.lovelace@example.com"],
    ["a database's password", "postgres://latchkey:hush-hush@db.internal/latchkey"],
  ])("leaves %s out of the message and its cause", (_, secret) => {
    logError(new Error(`Bad value "${secret}"`, { cause: new Error(secret) }));
    expect(logged.text()).not.toContain(secret);
    expect(logged.text()).not.toContain("hush-hush");
    expect(logged.text()).toContain("[redacted]");
    expect(onlyLine()).toMatchObject({ error: { name: "Error" } });
  });

  it("cuts a message that quotes half a megabyte, without half a secret at the end", () => {
    const secret = `$2b$12$${"Ab1./".repeat(10)}Ab1`;
    logError(new Error(`${"x".repeat(960)} ${secret} ${"yY1".repeat(200_000)}`));
    logError(new Error("yY1".repeat(200_000)));
    logError(new Error("a.".repeat(300_000)));
    expect(logged.text()).not.toContain("$2b$12$");
    expect(logged.text().length).toBeLessThan(10_000);
  });

  it("keeps the frames that find the place and no more", () => {
    const error = new Error("deep");
    error.stack = ["Error: deep", ...Array.from({ length: 50 }, (_, n) => `    at f${n} (a.ts:1:1)`)].join(
      "\n",
    );
    logError(error);
    expect((onlyLine().error as { stack: string }).stack.split("\n")).toHaveLength(12);
  });

  it.each([null, undefined, "a word", 7, { password: "hush-hush" }])("logs %j that was thrown", (thrown) => {
    logError(thrown);
    expect(onlyLine()).toMatchObject({ event: "error" });
    expect(logged.text()).not.toContain("hush-hush");
  });
});

describe("captureConsole", () => {
  const captured = { debug() {}, log() {}, info() {}, warn() {}, error() {} } as Pick<
    Console,
    "debug" | "log" | "info" | "warn" | "error"
  >;
  captureConsole(captured);

  it("makes a line of what others print, without the colours", () => {
    captured.warn("\u001b[33m⚠\u001b[39m %s\nsecond", "first", { a: 1 });
    expect(onlyLine()).toMatchObject({ level: "warn", msg: "⚠ first\nsecond [object]" });
  });

  it("makes an event of an error among it", () => {
    captured.error("⨯", new Error("broken"));
    expect(onlyLine()).toMatchObject({ event: "error", error: { message: "broken" } });
  });

  it("has nothing to say about an empty line", () => {
    captured.log("");
    captured.log();
    expect(logged.lines()).toEqual([]);
  });
});

describe("pathOf", () => {
  it.each([
    ["/login?callbackUrl=/account", "/login"],
    ["/reset#token", "/reset"],
    ["/a?b\n?c", "/a"],
    ["/", "/"],
  ])("leaves the query of %j out", (url, path) => {
    expect(pathOf(url)).toBe(path);
  });

  it("cuts an endless one", () => {
    expect(pathOf(`/${"a".repeat(10_000)}`)).toHaveLength(PATH_MAX);
  });
});
