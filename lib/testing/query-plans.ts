import Sqlite from "libsql";
import pg from "pg";
import { sqlitePath } from "../platform/db/url";

/** A statement as the app sent it. */
interface Sent {
  sql: string;
  values: unknown[];
}

/** A statement for which the database reads a whole table, or a whole index. */
export interface Scan {
  sql: string;
  /** What the plan says about it. */
  plan: string;
}

const HAS_PLAN = /^\s*(select|insert|update|delete|with)\b/i;

/** What migrations ask before the first request. */
const OF_MIGRATIONS = /_prisma_migrations/;

/**
 * The statements that this process sends while `work` is done, each text once. They are noted at the drivers: nothing the app
 * does comes past them.
 */
export async function statementsOf(work: () => Promise<void>): Promise<Sent[]> {
  const sent = new Map<string, Sent>();
  const note = (sql: string, values: unknown[] = []) => {
    if (HAS_PLAN.test(sql) && !OF_MIGRATIONS.test(sql) && !sent.has(sql)) sent.set(sql, { sql, values });
  };
  const { prepare } = Sqlite.prototype;
  const { query } = pg.Client.prototype;
  Sqlite.prototype.prepare = function (this: unknown, sql: string) {
    note(sql);
    return Reflect.apply(prepare, this, [sql]);
  } as typeof prepare;
  pg.Client.prototype.query = function (this: pg.Client, ...given: unknown[]) {
    const [what, values] = given as [string | pg.QueryConfig, unknown[] | undefined];
    if (typeof what === "string") note(what, Array.isArray(values) ? values : []);
    else note(what.text, what.values ?? (Array.isArray(values) ? values : []));
    return Reflect.apply(query, this, given);
  } as typeof query;
  try {
    await work();
  } finally {
    Sqlite.prototype.prepare = prepare;
    pg.Client.prototype.query = query;
  }
  return [...sent.values()];
}

/** Those of these statements that find their rows without an index. */
export function findScans(databaseUrl: string, statements: Sent[]): Promise<Scan[]> {
  const path = sqlitePath(databaseUrl);
  return path === null ? scansOfPostgres(databaseUrl, statements) : scansOfSqlite(path, statements);
}

/** Without statistics, which the app keeps none of, SQLite's plan does not depend on what is in the tables. */
async function scansOfSqlite(path: string, statements: Sent[]): Promise<Scan[]> {
  const connection = new Sqlite(path);
  try {
    return statements.flatMap(({ sql }) => {
      const steps = connection.prepare(`EXPLAIN QUERY PLAN ${sql}`).all([]) as { detail: string }[];
      const scans = steps.filter(({ detail }) => /^SCAN (?!(?:\d+ )?CONSTANT ROW|sub$)/.test(detail));
      return scans.map(({ detail }) => ({ sql, plan: detail }));
    });
  } finally {
    connection.close();
  }
}

interface PlanNode {
  "Node Type": string;
  "Relation Name"?: string;
  "Index Name"?: string;
  "Index Cond"?: string;
  Plans?: PlanNode[];
}

/**
 * PostgreSQL is told to read a whole table only where no index can help: else it would, of tables as small as a test's. What is
 * left are bitmaps of the rows that an index finds, and loops over them. An index helps when there is a condition on its first
 * column. Of such tables it may read one index whole though another would help: so that one is taken away, and it plans anew.
 */
async function scansOfPostgres(connectionString: string, statements: Sent[]): Promise<Scan[]> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    for (const way of ["seqscan", "indexscan", "indexonlyscan", "mergejoin", "hashjoin"])
      await client.query(`SET enable_${way} = off`);
    const { rows: indexes } = await client.query<{ index: string; column: string }>(
      `SELECT c.relname AS "index", pg_get_indexdef(i.indexrelid, 1, true) AS "column"
       FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid`,
    );
    const firstColumn = new Map(indexes.map(({ index, column }) => [index, column]));
    const isScan = (node: PlanNode) =>
      node["Node Type"] === "Seq Scan" ||
      (node["Index Name"] !== undefined &&
        !node["Index Cond"]?.includes(firstColumn.get(node["Index Name"]) ?? ""));
    const findScan = async ({ sql, values }: Sent): Promise<PlanNode | null> => {
      const { rows } = await client.query<{ "QUERY PLAN": { Plan: PlanNode }[] }>(
        `EXPLAIN (FORMAT JSON) ${sql}`,
        values,
      );
      const nodes = rows.flatMap((row) => row["QUERY PLAN"]).flatMap(({ Plan }) => nodesOf(Plan));
      return nodes.find(isScan) ?? null;
    };
    const scans: Scan[] = [];
    for (const statement of statements) {
      await client.query("BEGIN");
      let scan = await findScan(statement);
      for (let index = droppable(scan); index !== null; index = droppable(scan)) {
        await client.query(`DROP INDEX "${index}"`);
        scan = await findScan(statement);
      }
      await client.query("ROLLBACK");
      if (scan)
        scans.push({
          sql: statement.sql,
          plan: `${scan["Node Type"]} ${scan["Relation Name"] ?? ""} ${scan["Index Name"] ?? ""}`,
        });
    }
    return scans;
  } finally {
    await client.end();
  }
}

/** The index that a scan reads whole; null: none, or one that a primary key cannot be without. */
function droppable(scan: PlanNode | null): string | null {
  const index = scan?.["Index Name"] ?? null;
  return index === null || index.endsWith("_pkey") ? null : index;
}

function nodesOf(node: PlanNode): PlanNode[] {
  return [node, ...(node.Plans ?? []).flatMap(nodesOf)];
}
