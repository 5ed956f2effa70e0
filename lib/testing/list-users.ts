/** Prints the names of the users in the SQLite file given, once for each line that it reads. */
import { createInterface } from "node:readline";
import { openSqlite } from "../platform/db/sqlite";

const db = openSqlite(process.argv[2] ?? "");
for await (const _ of createInterface({ input: process.stdin })) {
  const users = await db.user.findMany({ orderBy: { createdAt: "asc" }, select: { username: true } });
  process.stdout.write(`${users.map(({ username }) => username).join(" ")}\n`);
}
await db.$disconnect();
