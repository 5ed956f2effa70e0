import { randomUUID } from "node:crypto";
import sharp from "sharp";
import { afterEach, describe, expect, it } from "vitest";
import { db } from "../platform/db";
import { PICTURE_LIMITS, PICTURES_AT_ONCE } from "../shared/limits";
import { itOnce } from "../testing/it-once";
import { eventsOf, newClient, newPerson, type Person, sessionOf } from "../testing/people";
import { changePicture, findPicture, removePicture } from "./picture";

const file = (red: number) =>
  sharp({ create: { width: 40, height: 30, channels: 3, background: { r: red, g: 0, b: 0 } } })
    .png()
    .toBuffer();

const [red, black, broken] = [await file(255), await file(0), Buffer.from("<svg/>")];

const hashOf = async ({ id }: { id: string }) => (await findPicture(id))?.hash ?? null;

const change = async (person: Pick<Person, "id">, bytes: Buffer) =>
  changePicture(await sessionOf(person), async () => bytes, newClient());

/** A file that arrives when it is told to. */
function slowFile(bytes: Buffer) {
  const arrivals: ((bytes: Buffer) => void)[] = [];
  const read = () => new Promise<Buffer>((resolve) => arrivals.push(resolve));
  const areReading = (count: number) => expect.poll(() => arrivals.length).toBe(count);
  return { read, areReading, arrive: () => arrivals.map((resolve) => resolve(bytes)) };
}

afterEach(() => db.rateLimit.deleteMany());

describe("changePicture", () => {
  it("keeps the bytes it has made, replaces them, and tells the history once of each", async () => {
    const person = await newPerson();
    expect(await hashOf(person)).toBeNull();
    for (const bytes of [red, red, black]) expect(await change(person, bytes)).toEqual({ ok: true });
    const kept = await findPicture(person.id);
    expect(kept?.hash).toBe(await hashOf(person));
    expect(await sharp(kept?.bytes).metadata()).toMatchObject({ format: "webp", width: 256, height: 256 });
    expect(await sharp(kept?.bytes).stats()).toMatchObject({ channels: [{ max: 0 }, {}, {}] });
    expect(await db.picture.count({ where: { userId: person.id } })).toBe(1);
    expect(await eventsOf(person)).toEqual(["picture-changed", "picture-changed"]);
  });

  itOnce("keeps the picture there is when the next one cannot be read", async () => {
    const person = await newPerson();
    await change(person, red);
    const hash = await hashOf(person);
    expect(await change(person, broken)).toEqual({ ok: false, reason: "unreadable" });
    const noFile = { ok: false, reason: "missing" } as const;
    expect(await changePicture(await sessionOf(person), async () => noFile, newClient())).toEqual(noFile);
    expect(await hashOf(person)).toBe(hash);
  });

  itOnce("takes 20 an hour of one account, good or bad, and reads none above", async () => {
    const [person, neighbour] = [await newPerson(), await newPerson()];
    for (let sent = 0; sent < PICTURE_LIMITS.perAccount; sent++)
      await change(person, sent % 2 ? red : broken);
    const neverRead = () => Promise.reject(new Error("read all the same"));
    expect(await changePicture(await sessionOf(person), neverRead, newClient())).toEqual({
      ok: false,
      reason: "throttled",
    });
    expect(await change(neighbour, red)).toEqual({ ok: true });
  });

  itOnce(
    "has room for two at once of one account, and for everybody else, however many send slowly",
    async () => {
      const people = await Promise.all(Array.from({ length: 12 }, () => newPerson()));
      const [first, last] = [people[0] ?? expect.fail("nobody"), await newPerson()];
      const slow = slowFile(red);
      const sessions = await Promise.all(people.map(sessionOf));
      const send = (session: (typeof sessions)[number]) => changePicture(session, slow.read, newClient());
      const outcomes = Promise.all(sessions.flatMap((session) => [send(session), send(session)]));
      await slow.areReading(2 * people.length);
      expect(await change(first, red)).toEqual({ ok: false, reason: "busy" });
      expect(await change(last, red)).toEqual({ ok: true });
      slow.arrive();
      await outcomes;
      expect(await change(first, black)).toEqual({ ok: true });
    },
  );

  itOnce("lets so many wait that have arrived: one network never takes all of the room", async () => {
    const people = await Promise.all(Array.from({ length: 2 * PICTURES_AT_ONCE.waiting }, () => newPerson()));
    const [last, client] = [await newPerson(), newClient()];
    const slow = slowFile(red);
    const sessions = await Promise.all(people.map(sessionOf));
    const outcomes = Promise.all(sessions.map((session) => changePicture(session, slow.read, client)));
    await slow.areReading(people.length);
    slow.arrive();
    const taken = change(last, red);
    const refused = (await outcomes).filter(({ ok }) => !ok);
    expect(refused.length).toBeGreaterThanOrEqual(PICTURES_AT_ONCE.waiting);
    expect(refused.length).toBeLessThan(people.length);
    expect(await taken).toEqual({ ok: true });
  });

  itOnce("frees the room of a picture that failed on its way", async () => {
    const person = await newPerson();
    for (let failed = 0; failed < 3; failed++) {
      const broken = changePicture(
        await sessionOf(person),
        () => Promise.reject(new Error("gone")),
        newClient(),
      );
      await expect(broken).rejects.toThrow("gone");
    }
    expect(await change(person, red)).toEqual({ ok: true });
  });

  it("keeps nothing for an account that is gone meanwhile", async () => {
    const gone = { id: randomUUID() };
    await changePicture({ id: randomUUID(), user: gone }, async () => red, newClient());
    expect(await hashOf(gone)).toBeNull();
  });
});

describe("removePicture", () => {
  it("takes away one's own picture alone, and has nothing to tell where there is none", async () => {
    const [person, other] = [await newPerson(), await newPerson()];
    for (const each of [person, other]) await change(each, red);
    const session = await sessionOf(person);
    expect(await removePicture(session, newClient())).toEqual({ ok: true, hadPicture: true });
    expect(await removePicture(session, newClient())).toEqual({ ok: true, hadPicture: false });
    expect(await hashOf(person)).toBeNull();
    expect(await hashOf(other)).not.toBeNull();
    expect(await eventsOf(person)).toEqual(["picture-changed", "picture-removed"]);
  });
});

describe("findPicture", () => {
  it("finds none of another account, by whatever hash, and none that was replaced", async () => {
    const [person, other] = [await newPerson(), await newPerson()];
    await change(person, red);
    const hash = (await hashOf(person)) ?? "";
    expect(await findPicture(other.id, hash)).toBeNull();
    expect(await findPicture(person.id, hash)).not.toBeNull();
    await change(person, black);
    expect(await findPicture(person.id, hash)).toBeNull();
  });

  it("goes with its account", async () => {
    const person = await newPerson();
    await change(person, red);
    await db.user.delete({ where: { id: person.id } });
    expect(await db.picture.count({ where: { userId: person.id } })).toBe(0);
  });
});
