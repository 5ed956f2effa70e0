import { describe, expect, it } from "vitest";
import { isDatabaseUnavailable, isUniqueViolation } from "./errors";

function prismaError(code: string, cause?: Record<string, unknown>): Error {
  return Object.assign(new Error("Invalid invocation"), { code, meta: { driverAdapterError: { cause } } });
}

/** As Prisma 7 says it. */
const expiredTransaction = Object.assign(
  new Error(
    "Transaction API error: A query cannot be executed on an expired transaction. The timeout for this transaction was 5000 ms.",
  ),
  { code: "P2028" },
);

describe("isUniqueViolation", () => {
  it("knows Prisma's code, and the driver's kind where a raw query was refused", () => {
    expect(isUniqueViolation(prismaError("P2002"))).toBe(true);
    expect(isUniqueViolation(prismaError("P2010", { kind: "UniqueConstraintViolation" }))).toBe(true);
  });

  it.each([prismaError("P2003"), prismaError("P2025"), new Error("P2002"), null, undefined, "P2002"])(
    "refuses %s",
    (error) => {
      expect(isUniqueViolation(error)).toBe(false);
    },
  );
});

describe("isDatabaseUnavailable", () => {
  it.each([
    ["cannot be reached", prismaError("P1001")],
    ["had no lock or connection in time", prismaError("P1008")],
    ["closed the connection", prismaError("P1017")],
    ["cannot be reached by a raw query", prismaError("P2010", { kind: "DatabaseNotReachable" })],
    ["has a certificate that is over", prismaError("P2010", { kind: "TlsConnectionError" })],
    ["has too many connections", prismaError("P2039", { kind: "TooManyConnections", originalCode: "53300" })],
    ["is shutting down", prismaError("P2039", { originalCode: "57P01" })],
    ["is starting", prismaError("P2039", { originalCode: "57P03" })],
    ["lost the connection", prismaError("P2039", { originalCode: "08006" })],
    ["held a lock too long", prismaError("P2039", { originalCode: "55P03" })],
    ["took too long", prismaError("P2010", { originalCode: "57014" })],
    ["ended a transaction that waited for us", prismaError("P2010", { originalCode: "25P03" })],
    ["was waited for longer than a transaction may last", expiredTransaction],
    ["ended a transaction for another one's sake", prismaError("P2034", { originalCode: "40001" })],
    ["ended one of two that waited for each other", prismaError("P2010", { originalCode: "40P01" })],
    ["did so, told by its kind alone", prismaError("P2010", { kind: "TransactionWriteConflict" })],
    ["only reads since a failover", prismaError("P2010", { kind: "postgres", originalCode: "25006" })],
    ["is a file on a full disk", prismaError("P2010", { kind: "sqlite", originalCode: "13" })],
    ["is a file on a failing disk", prismaError("P2010", { kind: "sqlite", originalCode: "778" })],
    ["is a file that cannot be reached", Object.assign(new Error("unable to open"), { rawCode: 14 })],
    [
      "is a file that cannot be opened",
      new Error('ConnectionFailed("Unable to open connection to local database /x: 14")'),
    ],
    [
      "was lost inside a transaction",
      new Error("Client has encountered a connection error and is not queryable"),
    ],
    ["went away in mid-sentence", new Error("Connection terminated unexpectedly")],
    ["never answered the connection", new Error("timeout exceeded when trying to connect")],
    ["never answered the query", new Error("Query read timeout")],
  ])("is true of a database that %s", (_, error) => {
    expect(isDatabaseUnavailable(error)).toBe(true);
  });

  it.each([
    [
      "a unique violation",
      prismaError("P2002", { kind: "UniqueConstraintViolation", originalCode: "23505" }),
    ],
    ["SQLite's unique violation", prismaError("P2002", { originalCode: "2067" })],
    ["a missing row", prismaError("P2025")],
    ["a missing table", prismaError("P2021", { kind: "TableDoesNotExist", originalCode: "1" })],
    ["a syntax error", prismaError("P2010", { originalCode: "42601" })],
    ["a file that is no database", prismaError("P2010", { kind: "sqlite", originalCode: "26" })],
    ["a mistake of ours", new TypeError("Cannot read properties of undefined")],
    ["a sentence that only mentions it", new Error("the user typed: Connection terminated")],
    ["a thrown word", "P1001"],
    ["nothing", null],
  ])("is false of %s", (_, error) => {
    expect(isDatabaseUnavailable(error)).toBe(false);
  });
});
