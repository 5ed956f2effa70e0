import { describe, expect } from "vitest";
import { db } from "../platform/db";
import { withLease } from "../platform/db/lease";
import { runScript, runScriptHere } from "../testing/cli";
import { itOnce as it } from "../testing/it-once";
import { newPerson } from "../testing/people";

describe("npm run clean", () => {
  it("deletes what has expired, and says what went in one line", async () => {
    const { id } = await newPerson();
    await db.user.update({ where: { id }, data: { deleteAt: new Date(0) } });
    const { id: userId } = await newPerson();
    for (const tokenHash of ["one", "two"])
      await db.session.create({ data: { tokenHash, userId, expiresAt: new Date(0) } });
    expect(await runScript("clean", [])).toEqual({
      code: 0,
      output: "Deleted 2 sessions, 1 account whose owner asked for it.",
      errors: "",
    });
    expect(await db.user.count({ where: { id: { in: [id, userId] } } })).toBe(1);
  });

  it("leaves the work to a process that does it already", async () => {
    const { id } = await newPerson();
    await db.user.update({ where: { id }, data: { deleteAt: new Date(0) } });
    const answer = await withLease("clean-up", () => runScriptHere("clean", []));
    expect(answer).toEqual({
      code: 0,
      output: "Another process is cleaning up already: nothing was done here.",
      errors: "",
    });
    expect(await db.user.count({ where: { id } })).toBe(1);
  });
});
