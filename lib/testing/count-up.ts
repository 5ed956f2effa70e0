/** Adds one to a number in the SQLite file given, in as many transactions as given: each reads, then writes. */
import { openSqlite } from "../platform/db/sqlite";

const [path = "", times = "0"] = process.argv.slice(2);
const db = openSqlite(path);
for (let count = 0; count < Number(times); count++)
  await db.$transaction(
    async (tx) => {
      const where = { username: "counter" };
      const { id, name } = await tx.user.findFirstOrThrow({ where });
      await tx.user.update({ where: { id }, data: { name: String(Number(name) + 1) } });
    },
    { maxWait: 15_000, timeout: 15_000 },
  );
await db.$disconnect();
