import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { joinPrimary } from "../platform/ipc";
import { PICTURES_AT_ONCE } from "../shared/limits";
import { MINUTE_MS } from "../shared/units";
import { openLine } from "../testing/line";
import { type EndTurn, TurnsOfWorker, takePictureTurn } from "./picture-queue";

let people = 0;
let began: string[] = [];
let turns: EndTurn[] = [];

beforeEach(() => {
  began = [];
  turns = [];
  (globalThis as { latchkeyPictureQueue?: unknown }).latchkeyPictureQueue = undefined;
});

afterEach(() => {
  vi.useRealTimers();
  joinPrimary(null);
});

/** Somebody of a network sends a picture, and is noted when its turn has come. Resolves with false where there is no room. */
async function send(client: string): Promise<boolean> {
  const end = await takePictureTurn({ client, account: `account ${++people}`, isKnown: false });
  if (!end) return false;
  began.push(client);
  turns.push(end);
  return true;
}

/** Makes this process a worker, whose primary is here as well. */
function beWorker() {
  const ofWorker = new TurnsOfWorker();
  const { here } = openLine({}, ofWorker.answers);
  joinPrimary(here);
  return { ofWorker, here };
}

const beginning = (count: number) => expect.poll(() => began.length).toBe(count);

describe.each(["in the only process", "in a worker"])("takePictureTurn %s", (place) => {
  beforeEach(() => {
    if (place === "in a worker") beWorker();
  });

  it("lets one be worked on at a time, and networks take turns", async () => {
    for (const client of ["a", "a", "a", "b"]) void send(client);
    for (let count = 1; count <= 4; count++) {
      await beginning(count);
      turns.at(-1)?.();
      turns.at(-1)?.(); // once more does nothing
    }
    expect(began).toEqual(["a", "a", "b", "a"]);
  });

  it("has room for every network, whatever number one of them sends", async () => {
    let refused = 0;
    const half = PICTURES_AT_ONCE.waiting / 2;
    const ofFlood = 1 + half; // one is worked on
    for (let sent = 0; sent < 3 * ofFlood; sent++)
      void send("flood").then((hasRoom) => {
        if (!hasRoom) refused++;
      });
    await expect.poll(() => refused).toBe(2 * ofFlood);
    void send("somebody");
    turns[0]?.();
    await beginning(2);
    turns[1]?.();
    await beginning(3);
    expect(began).toContain("somebody");
  });
});

it("is one queue for all workers, and what one of them has when it ends is the next one's", async () => {
  const former = beWorker();
  void send("of the former");
  void send("waits in the former").catch(() => {});
  await beginning(1);
  const other = beWorker();
  void send("of the other");
  await other.here.call("endPictureTurn", 0); // has been heard after what was sent before
  expect(began).toEqual(["of the former"]);
  former.ofWorker.endAll();
  await expect.poll(() => began).toContain("of the other");
});

it("ends a turn by itself that nobody ends, and rests as long as a turn took", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  for (const client of ["a", "b"]) void send(client);
  await vi.advanceTimersByTimeAsync(2 * MINUTE_MS - 1);
  turns[0]?.(); // too late
  expect(began).toEqual(["a"]);
  await vi.advanceTimersByTimeAsync(1);
  expect(began).toEqual(["a", "b"]);
});
