import { createHash } from "node:crypto";
import { type Database, toDate } from "./look-in";

export interface SessionRow {
  id: string;
  userId: string;
  tokenHash: string;
  createdAt: Date;
  lastSeenAt: Date;
  expiresAt: Date;
  isRemembered: boolean;
  ip: string | null;
  userAgent: string | null;
}

export function hashOf(token = ""): string {
  return createHash("sha256").update(token).digest("hex");
}

/** What the database keeps of the session that `token` opens. @throws Error when there is none. */
export async function sessionRow(database: Database, token: string): Promise<SessionRow> {
  const [row] = await database.query<SessionRow>(
    'SELECT * FROM "Session" WHERE "tokenHash" = ?',
    hashOf(token),
  );
  if (!row) throw new Error("no such session");
  const { createdAt, lastSeenAt, expiresAt } = row;
  return {
    ...row,
    createdAt: toDate(createdAt),
    lastSeenAt: toDate(lastSeenAt),
    expiresAt: toDate(expiresAt),
  };
}

/** Moves moments of a session, so that no story has to wait for them. */
export async function change(
  database: Database,
  token: string,
  moments: Partial<Pick<SessionRow, "createdAt" | "lastSeenAt" | "expiresAt">>,
): Promise<void> {
  const columns = Object.entries(moments);
  const assignments = columns.map(([column]) => `"${column}" = ?`).join(", ");
  const values = columns.map(([, moment]) => moment);
  await database.query(`UPDATE "Session" SET ${assignments} WHERE "tokenHash" = ?`, ...values, hashOf(token));
}
