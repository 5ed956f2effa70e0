import { driverCause, UNREACHABLE } from "./errors";
import { sqlitePath } from "./url";

/** Why the database cannot be used. */
export interface Explanation {
  /** One sentence: what, where, and what to do. It has no password and nothing of a person. */
  reason: string;
  /** What to do, as the end of a sentence. */
  advice: string;
  /** False: the database works, and a query waited too long for another one. */
  isOutage: boolean;
}

/** By errno, SQLSTATE, the TLS library's code or the driver's words. `at` is the server, `host` its name alone. */
const POSTGRES: [sign: RegExp, reason: (at: string, host: string) => string][] = [
  [/^(ECONNREFUSED|ENOENT)/, (at) => `${at} takes no connections: start it, or check DATABASE_URL`],
  [/^(ENOTFOUND|EAI_)/, (_, host) => `the name ${host} leads to no address: check DNS and DATABASE_URL`],
  [/^(EHOSTUNREACH|ENETUNREACH|ENETDOWN)/, (at) => `there is no way to ${at}: check the network`],
  [
    /CERT|SELF_SIGNED|SIGNATURE|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|ERR_(TLS|SSL)|EPROTO|TlsConnection|SSL/,
    (at) => `TLS with ${at} fails: check its certificate, and sslmode and sslrootcert in DATABASE_URL`,
  ],
  [/^28|SASL|SCRAM/, (at) => `${at} refuses the user or the password: check DATABASE_URL`],
  [/^3D000/, (at) => `${at} has no database of that name: make it, or check DATABASE_URL`],
  [/^(53100|58030)/, (at) => `the disk of ${at} is full or fails: make room`],
  [/^53300/, (at) => `${at} has no connection left: raise its max_connections, or run fewer instances`],
  [/^53/, (at) => `${at} has no memory or room left: look at its log`],
  [/^57P0/, (at) => `${at} is starting or stopping: look at its log if that lasts`],
  [/^25006/, (at) => `${at} only reads: let its name lead to the server that writes`],
  [/^(ENOSPC|EROFS)/, (at) => `${at} cannot write: make room`],
];

/** By SQLite's primary result code: BUSY, LOCKED, READONLY, IOERR, CORRUPT, FULL, CANTOPEN, NOTADB. */
const SQLITE: Record<number, (file: string) => string> = {
  5: (file) => `${file} was locked for too long: see which program has it open`,
  6: (file) => `${file} was locked for too long: see which program has it open`,
  8: (file) => `${file} cannot be written to: check its owner, its mode and its disk`,
  10: (file) => `the disk of ${file} fails or is full: look at the system's log`,
  11: (file) => `${file} is damaged: restore a backup`,
  13: (file) => `the disk of ${file} is full: make room`,
  14: (file) =>
    `${file} is away, or was replaced by one that cannot be used: put it back, or restore a backup`,
  26: (file) => `${file} is no database: restore a backup`,
};

/** Of those, what another connection does and no fault of the file. */
const SQLITE_BUSY = new Set([5, 6]);

/** Prisma's words for a lock or a transaction that took too long. */
const BUSY = /^(P1008|P2024|P2028|SocketTimeout)/;

/** A query that waited for another one, or lost against it: a lock, a time limit, a deadlock, a pool that is used up. */
const CONTENTION =
  /^(55P03|57014|25P03|40001|40P01|P2034|TransactionWriteConflict|timeout exceeded when trying to connect)/;

/** Says why the database could not be used, from what was thrown. */
export function explainDatabase(error: unknown, databaseUrl: string): Explanation {
  const sign = signOf(error);
  const path = sqlitePath(databaseUrl);
  return path === null
    ? explainPostgres(sign, databaseUrl)
    : explainSqlite(sign, `the database file ${path}`);
}

function explainPostgres(sign: string, databaseUrl: string): Explanation {
  const url = new URL(databaseUrl);
  const host = url.searchParams.get("host") ?? url.hostname;
  const at = `PostgreSQL at ${host}:${url.port || 5432}`;
  if (CONTENTION.test(sign))
    return told(
      `a query at ${at} waited too long for others: look at pg_stat_activity if that lasts`,
      sign,
      false,
    );
  const known = POSTGRES.find(([shape]) => shape.test(sign))?.[1];
  return told(known?.(at, host) ?? `${at} does not answer: check that it runs, and the network`, sign);
}

function explainSqlite(sign: string, file: string): Explanation {
  const code = Number(/^\d+$|\d+(?="\)$)/.exec(sign)?.[0] ?? Number.NaN) & 0xff; // further bits give details
  const known = SQLITE[code];
  if (known) return told(known(file), `SQLite ${code}`, !SQLITE_BUSY.has(code));
  if (BUSY.test(sign))
    return told(`${file} was busy for too long: look at the load of this machine`, sign, false);
  return told(`${file} does not answer: look at the disk and at what was restored there`, sign);
}

/** @param reason what is wrong and what to do, with a colon between */
function told(reason: string, sign: string, isOutage = true): Explanation {
  const [, advice = ""] = reason.split(": ", 2);
  return { reason: `${reason.replace(/^./, (first) => first.toUpperCase())} (${sign}).`, advice, isOutage };
}

/** What tells causes apart: a code where there is one, else the driver's words. */
function signOf(error: unknown): string {
  const { name, cause, code, rawCode, message, errors } = (error ?? {}) as Record<string, unknown>;
  if (name === UNREACHABLE && cause) return signOf(cause);
  const driver = driverCause(error);
  const [first] = Array.isArray(errors) ? errors : []; // one for each address of a name
  const sign =
    driver.originalCode ??
    driver.reason ??
    driver.kind ??
    rawCode ??
    code ??
    (first && signOf(first)) ??
    message;
  return String(sign).slice(0, 100);
}
