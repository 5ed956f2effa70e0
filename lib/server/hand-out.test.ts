import { Socket } from "node:net";
import { beforeEach, describe, expect, it } from "vitest";
import { HandOut, type Taker } from "./hand-out";

let given: string[] = [];
let sockets = new Map<Socket, number>();

beforeEach(() => {
  given = [];
  sockets = new Map();
});

function connect(handOut: HandOut): Socket {
  const socket = new Socket();
  sockets.set(socket, sockets.size + 1);
  handOut.push(socket);
  return socket;
}

function taker(name: string): Taker {
  return { give: (socket) => given.push(`${name}${sockets.get(socket)}`) };
}

describe("HandOut", () => {
  it("gives connections in turn, one at a time to each, and the next to whoever has taken its own", () => {
    const handOut = new HandOut();
    const [a, b] = [taker("a"), taker("b")];
    handOut.add(a);
    handOut.add(b);
    for (let count = 0; count < 4; count++) connect(handOut);
    expect(given).toEqual(["a1", "b2"]);
    handOut.taken(b);
    handOut.taken(b);
    handOut.taken(a);
    expect(given).toEqual(["a1", "b2", "b3", "b4"]);
  });

  it("closes our own end once it is taken, and not before", () => {
    const handOut = new HandOut();
    const a = taker("a");
    handOut.add(a);
    const socket = connect(handOut);
    expect({ isClosed: socket.destroyed, waiting: handOut.waiting }).toEqual({ isClosed: false, waiting: 1 });
    handOut.taken(a);
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
    handOut.taken(b);
    expect(given).toEqual(["a1", "b1", "b2"]);
  });

  it("gives one that leaves no more than what is on its way", () => {
    const handOut = new HandOut();
    const [a, b] = [taker("a"), taker("b")];
    handOut.add(a);
    connect(handOut);
    handOut.pass(a);
    connect(handOut);
    handOut.taken(a);
    expect(given).toEqual(["a1"]);
    handOut.add(b);
    expect(given).toEqual(["a1", "b2"]);
  });
});
