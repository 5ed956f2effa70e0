import { describe, expect, it } from "vitest";
import { DatabaseUnreachableError } from "./errors";
import { explainDatabase } from "./explain";

const POSTGRES = "postgres://latchkey:hush-hush@db.example.com:5433/acme";
const FILE = "file:/var/lib/acme/latchkey.db";

const unreachable = (code: string, message = "x") =>
  new DatabaseUnreachableError("no connection", { cause: Object.assign(new Error(message), { code }) });
const refused = (cause: Record<string, unknown>) =>
  Object.assign(new Error("Invalid invocation"), { code: "P2010", meta: { driverAdapterError: { cause } } });

describe("explainDatabase", () => {
  it.each([
    [
      "is down",
      unreachable("ECONNREFUSED"),
      /^PostgreSQL at db\.example\.com:5433 takes no connections: start/,
    ],
    [
      "is down at each of its addresses",
      new DatabaseUnreachableError("no connection", {
        cause: new AggregateError([Object.assign(new Error("x"), { code: "ECONNREFUSED" })], ""),
      }),
      /^PostgreSQL at db\.example\.com:5433 takes no connections.*\(ECONNREFUSED\)\.$/,
    ],
    ["has no name", unreachable("ENOTFOUND"), /^The name db\.example\.com leads to no address: check DNS/],
    ["has no name at the moment", unreachable("EAI_AGAIN"), /^The name db\.example\.com leads to no address/],
    [
      "has a certificate that is over",
      unreachable("CERT_HAS_EXPIRED"),
      /^TLS with .*5433 fails: .*sslrootcert/,
    ],
    [
      "speaks no TLS",
      new DatabaseUnreachableError("no connection", {
        cause: new Error("The server does not support SSL connections"),
      }),
      /^TLS with .*5433 fails/,
    ],
    ["refuses the password", unreachable("28P01"), /5433 refuses the user or the password: .*\(28P01\)\.$/],
    ["has no such database", unreachable("3D000"), /has no database of that name/],
    ["has a full disk", refused({ originalCode: "53100" }), /^The disk of PostgreSQL at .*5433 is full/],
    ["has no connection left", unreachable("53300"), /max_connections/],
    ["is starting", unreachable("57P03"), /is starting or stopping/],
    ["only reads", refused({ originalCode: "25006" }), /only reads: .*\(25006\)\.$/],
    ["says nothing", new Error("Query read timeout"), /does not answer: check .*\(Query read timeout\)\.$/],
  ])("says what to do about a server that %s, without its password", (_, error, says) => {
    const { reason, advice, isOutage } = explainDatabase(error, POSTGRES);
    expect(reason).toMatch(says);
    expect(reason).not.toContain("hush-hush");
    expect(reason).toMatch(/^[A-Z].*\)\.$/);
    expect(reason).toContain(`: ${advice} (`);
    expect(isOutage).toBe(true);
  });

  it.each([
    ["13", /^The disk of the database file \/var\/lib\/acme\/latchkey\.db is full: make room/],
    ["778", /disk of .* fails/],
    ["8", /cannot be written to: check its owner/],
    ["14", /is away, or was replaced/],
  ])("says what to do about a file with SQLite's code %s", (originalCode, says) => {
    expect(explainDatabase(refused({ originalCode }), FILE)).toMatchObject({
      reason: expect.stringMatching(says),
      isOutage: true,
    });
  });

  it("knows the code of a file that could not be opened at all", () => {
    const error = new Error('ConnectionFailed("Unable to open connection to local database /x: 14")');
    expect(explainDatabase(error, FILE).reason).toMatch(/is away, .*\(SQLite 14\)/);
  });

  it.each([
    [refused({ originalCode: "55P03" }), POSTGRES],
    [refused({ kind: "TransactionWriteConflict" }), POSTGRES],
    [
      new DatabaseUnreachableError("x", { cause: new Error("timeout exceeded when trying to connect") }),
      POSTGRES,
    ],
    [refused({ originalCode: "5" }), FILE],
  ])("calls no outage what waited for another query: %#", (error, url) => {
    expect(explainDatabase(error, url).isOutage).toBe(false);
  });

  it("names a server that is reached by a socket", () => {
    expect(explainDatabase(unreachable("ENOENT"), "postgres:///acme?host=/run/pg").reason).toContain(
      "/run/pg",
    );
  });
});
