/** Makes users in the SQLite file given, alone and in transactions, and prints each name once it is acknowledged. */
import { openSqlite } from "../platform/db/sqlite";

const db = openSqlite(process.argv[2] ?? "");
const run = `${process.pid}-${Date.now()}`;

for (let count = 0; ; count++) {
  const name = `${run}-${count}`;
  const data = { username: name, usernameCanonical: name, email: name, emailCanonical: name };
  if (count % 2 === 0) await db.user.create({ data });
  else
    await db.$transaction(async (tx) => {
      const { id } = await tx.user.create({ data: { ...data, name: "half done" } });
      await tx.user.update({ where: { id }, data: { name: null } });
    });
  process.stdout.write(`${name}\n`);
}
