/** The error of a driver, as Prisma passes it on in `meta.driverAdapterError.cause`. */
interface DriverCause {
  kind?: string;
  /** Of a TLS error, in words. */
  reason?: string;
  /** PostgreSQL's SQLSTATE, or SQLite's result code as text. */
  originalCode?: string;
}

/** The name of {@link DatabaseUnreachableError}: by name, because the class is loaded twice, here and in Next's bundle. */
export const UNREACHABLE = "DatabaseUnreachableError";

/**
 * No connection to the server was got, or it broke. The cause says why: it is down, or refuses the password, or speaks no TLS.
 */
export class DatabaseUnreachableError extends Error {
  override name = UNREACHABLE;
}

/**
 * Prisma's codes for: not reachable (P1001), no answer in time (P1002, P1008), gone (P1017), no free connection (P2024), and
 * a transaction that lost against another one (P2034).
 */
const UNAVAILABLE_CODES = new Set(["P1001", "P1002", "P1008", "P1017", "P2024", "P2034"]);

/** The driver adapters' names for the same. */
const UNAVAILABLE_KINDS = new Set([
  "ConnectionClosed",
  "DatabaseNotReachable",
  "SocketTimeout",
  "TlsConnectionError",
  "TooManyConnections",
  "TransactionWriteConflict",
]);

/**
 * SQLSTATE: connection lost (08), out of memory, disk or connections (53), shutting down or starting (57P0), a lock or an
 * answer that took too long (55P03, 57014, 25P03), a transaction that lost against another one (40001, 40P01), and a server that
 * only reads since another one took over (25006).
 */
const UNAVAILABLE_SQLSTATE = /^(08...|53...|57P0.|55P03|57014|25P03|40001|40P01|25006)$/;

/** SQLite's primary result codes BUSY, LOCKED, READONLY, IOERR, FULL and CANTOPEN; further bits give details. */
const UNAVAILABLE_SQLITE = new Set([5, 6, 8, 10, 13, 14]);

/** SQLSTATE of a transaction that PostgreSQL rolled back for another one's sake: it may be begun again. */
const LOST_RACE_SQLSTATE = /^(40001|40P01)$/;

/** Messages of errors without a code: of the PostgreSQL driver, of libsql, and of Prisma after its own time limit. */
const UNAVAILABLE_MESSAGES = [
  /^Connection terminated/,
  /^Client has encountered a connection error/,
  /^timeout exceeded when trying to connect/,
  /^Query read timeout/,
  /^ConnectionFailed\("Unable to open connection to local database/,
  /Unable to start a transaction in the given time/,
  /cannot be executed on an expired transaction/,
];

/** True when the row was refused because another has the same value in a unique column, on either database. */
export function isUniqueViolation(error: unknown): boolean {
  return property(error, "code") === "P2002" || driverCause(error).kind === "UniqueConstraintViolation";
}

/**
 * True when a transaction, or a statement of its own, was rolled back because it and another one waited for each other or
 * wrote the same. Begun again it may well succeed. SQLite has none: a transaction takes the write lock first.
 */
export function isLostRace(error: unknown): boolean {
  const { kind, originalCode } = driverCause(error);
  return (
    property(error, "code") === "P2034" ||
    kind === "TransactionWriteConflict" ||
    LOST_RACE_SQLSTATE.test(String(originalCode))
  );
}

/** True for what libsql throws when another connection has the lock. */
export function isSqliteBusy(error: unknown): boolean {
  return String(property(error, "code")).startsWith("SQLITE_BUSY");
}

/**
 * True when the database cannot answer at the moment: it is down, unreachable or busy for too long, it only reads, or its
 * disk is full. The same query may work later. Whether a write was done is unknown.
 */
export function isDatabaseUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { kind, originalCode } = driverCause(error);
  return (
    error.name === UNREACHABLE ||
    UNAVAILABLE_CODES.has(String(property(error, "code"))) ||
    UNAVAILABLE_KINDS.has(String(kind)) ||
    UNAVAILABLE_SQLSTATE.test(String(originalCode)) ||
    isSqliteUnavailable(error) ||
    UNAVAILABLE_MESSAGES.some((message) => message.test(error.message))
  );
}

/**
 * True when SQLite cannot use the file at the moment: it is locked, read-only, away, or on a disk that is full or fails. Its
 * code comes through the adapter as text, or as a number from the driver itself.
 */
function isSqliteUnavailable(error: unknown): boolean {
  const { originalCode } = driverCause(error);
  const code = /^\d{1,4}$/.test(originalCode ?? "") ? Number(originalCode) : property(error, "rawCode");
  return typeof code === "number" && UNAVAILABLE_SQLITE.has(code & 0xff);
}

/** What the driver said. Inside Prisma the adapter's error comes by itself. */
export function driverCause(error: unknown): DriverCause {
  const isBare = property(error, "name") === "DriverAdapterError";
  const adapterError = isBare ? error : property(property(error, "meta"), "driverAdapterError");
  return (property(adapterError, "cause") ?? {}) as DriverCause;
}

function property(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}
