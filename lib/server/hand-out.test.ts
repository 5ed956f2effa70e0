import { Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { HandOut, MISSED_MAX, TAKEN_WITHIN_MS, type Taker, WAITING_MAX } from "./hand-out";

let given: string[] = [];
let sockets = new Map<Socket, number>();
let givenUp: string[] = [];

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  given = [];
  givenUp = [];
  sockets = new Map();
});

afterEach(() => void vi.useRealTimers());

function connect(handOut: HandOut): Socket {
  const socket = new Socket();
  sockets.set(socket, sockets.size + 1);
  handOut.push(socket);
  return socket;
}

interface Fake extends Taker {
  /** The number of what it was given last. */
  last: number;
}

function taker(name: string): Fake {
  const fake: Fake = {
    last: 0,
    give(socket, number) {
      fake.last = number;
      given.push(`${name}${sockets.get(socket)}`);
    },
    giveUp: () => givenUp.push(name),
  };
  return fake;
}

describe("HandOut", () => {
  it("gives connections in turn, one at a time to each, and the next to whoever has taken its own", () => {
    const handOut = new HandOut();
    const [a, b] = [taker("a"), taker("b")];
    handOut.add(a);
    handOut.add(b);
    for (let count = 0; count < 4; count++) connect(handOut);
    expect(given).toEqual(["a1", "b2"]);
    handOut.taken(b, b.last);
    handOut.taken(b, b.last);
    handOut.taken(a, a.last);
    expect(given).toEqual(["a1", "b2", "b3", "b4"]);
  });

  it("closes our own end once it is taken, and not before", () => {
    const handOut = new HandOut();
    const a = taker("a");
    handOut.add(a);
    const socket = connect(handOut);
    expect({ isClosed: socket.destroyed, waiting: handOut.waiting }).toEqual({ isClosed: false, waiting: 1 });
    handOut.taken(a, a.last);
    expect({ isClosed: socket.destroyed, waiting: handOut.waiting }).toEqual({ isClosed: true, waiting: 0 });
  });

  it("lets connections wait while there is no process", () => {
    const handOut = new HandOut();
    for (let count = 0; count < 2; count++) connect(handOut);
    expect(handOut.waiting).toBe(2);
    handOut.add(taker("a"));
    expect(given).toEqual(["a1"]);
  });

  it("gives what one that ended has not taken to another, before those that wait", () => {
    const handOut = new HandOut();
    const [a, b] = [taker("a"), taker("b")];
    handOut.add(a);
    for (let count = 0; count < 2; count++) connect(handOut);
    handOut.drop(a);
    handOut.add(b);
    handOut.taken(b, b.last);
    expect(given).toEqual(["a1", "b1", "b2"]);
  });

  it("gives one that leaves no more than what is on its way", () => {
    const handOut = new HandOut();
    const [a, b] = [taker("a"), taker("b")];
    handOut.add(a);
    connect(handOut);
    handOut.pass(a);
    connect(handOut);
    handOut.taken(a, a.last);
    expect(given).toEqual(["a1"]);
    handOut.add(b);
    expect(given).toEqual(["a1", "b2"]);
  });

  it("closes what one does not take in time, and gives it the next", () => {
    const handOut = new HandOut();
    const a = taker("a");
    handOut.add(a);
    const [lost, next] = [connect(handOut), connect(handOut)];
    vi.advanceTimersByTime(TAKEN_WITHIN_MS - 1);
    expect({ given, isClosed: lost.destroyed }).toEqual({ given: ["a1"], isClosed: false });
    vi.advanceTimersByTime(1);
    expect({ given, isClosed: lost.destroyed, isNext: next.destroyed }).toEqual({
      given: ["a1", "a2"],
      isClosed: true,
      isNext: false,
    });
    expect(handOut.waiting).toBe(1);
  });

  it("takes what is said too late for what it was about", () => {
    const handOut = new HandOut();
    const a = taker("a");
    handOut.add(a);
    const next = [connect(handOut), connect(handOut)][1];
    const late = a.last;
    vi.advanceTimersByTime(TAKEN_WITHIN_MS);
    handOut.taken(a, late);
    expect({ given, isClosed: next?.destroyed, waiting: handOut.waiting }).toEqual({
      given: ["a1", "a2"],
      isClosed: false,
      waiting: 1,
    });
    handOut.taken(a, a.last);
    expect(next?.destroyed).toBe(true);
  });

  it("gives up one that takes none several times in a row, and gives the rest to the others", () => {
    const handOut = new HandOut();
    const [a, b] = [taker("a"), taker("b")];
    handOut.add(a);
    for (let count = 0; count <= MISSED_MAX; count++) connect(handOut);
    for (let missed = 1; missed < MISSED_MAX; missed++) vi.advanceTimersByTime(TAKEN_WITHIN_MS);
    expect(givenUp).toEqual([]);
    vi.advanceTimersByTime(TAKEN_WITHIN_MS);
    expect(givenUp).toEqual(["a"]);
    handOut.taken(a, a.last);
    expect(given).toEqual(["a1", "a2", "a3"]);
    handOut.add(b);
    expect(given.at(-1)).toBe("b4");
  });

  it("gives up none that takes one between those it misses, and none that takes each in time", () => {
    const handOut = new HandOut();
    const a = taker("a");
    handOut.add(a);
    for (let round = 0; round < 2 * MISSED_MAX; round++) {
      connect(handOut);
      vi.advanceTimersByTime(TAKEN_WITHIN_MS);
      connect(handOut);
      vi.advanceTimersByTime(TAKEN_WITHIN_MS - 1);
      handOut.taken(a, a.last);
    }
    vi.advanceTimersByTime(10 * TAKEN_WITHIN_MS);
    expect(givenUp).toEqual([]);
    expect(handOut.waiting).toBe(0);
  });

  it("forgets connections that end while they wait, and gives nobody one that has ended", async () => {
    const handOut = new HandOut();
    const [a, b] = [taker("a"), taker("b")];
    const [gone] = [connect(handOut), connect(handOut)];
    gone?.destroy();
    await new Promise(setImmediate);
    expect(handOut.waiting).toBe(1);
    handOut.add(a);
    expect(given).toEqual(["a2"]);
    [...sockets.keys()][1]?.destroy();
    handOut.drop(a);
    handOut.add(b);
    expect({ given, waiting: handOut.waiting }).toEqual({ given: ["a2"], waiting: 0 });
  });

  it("lets so many wait and no more: the newest is closed", () => {
    const handOut = new HandOut();
    for (let count = 0; count < WAITING_MAX; count++) connect(handOut);
    const newest = connect(handOut);
    expect({ isClosed: newest.destroyed, waiting: handOut.waiting }).toEqual({
      isClosed: true,
      waiting: WAITING_MAX,
    });
    expect([...sockets.keys()].filter(({ destroyed }) => destroyed)).toEqual([newest]);
  });
});
