import { describe, expect, it } from "vitest";
import { db } from "../platform/db";
import { eventsOf, newClient, newPerson, type Person, sessionOf } from "../testing/people";
import { changeDisplayName } from "./change-display-name";

const change = async (person: Person, displayName: string) =>
  changeDisplayName(await sessionOf(person), { displayName }, newClient());

const nameOf = async ({ id }: Person) =>
  (await db.user.findUniqueOrThrow({ where: { id }, select: { name: true } })).name;

describe("changeDisplayName", () => {
  it("keeps a name, takes it away, and tells the history of what has changed", async () => {
    const [person, other] = [await newPerson(), await newPerson()];
    for (const displayName of ["", "Ada Lovelace", "Ada Lovelace", "Ada"]) await change(person, displayName);
    expect(await nameOf(person)).toBe("Ada");
    expect(await eventsOf(person)).toEqual(["display-name-changed", "display-name-changed"]);
    for (let again = 0; again < 2; again++) await change(person, "");
    expect(await nameOf(person)).toBeNull();
    expect(await eventsOf(person)).toHaveLength(3);
    expect(await nameOf(other)).toBeNull();
  });
});
