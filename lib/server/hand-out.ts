import type { Socket } from "node:net";

/** A process that answers requests, as far as it is given connections. */
export interface Taker {
  /** Hands it a connection; it says when it has that. */
  give(connection: Socket): void;
}

/**
 * Hands connections to processes, in turn. Each is given one at a time and the next when it has that one, so a busy process
 * gets fewer; what it has not taken when it ends is given to another. Without a process connections wait.
 */
export class HandOut {
  readonly #takers = new Set<Taker>();
  /** Those that may be given one now, the next first. */
  readonly #free = new Set<Taker>();
  readonly #given = new Map<Taker, Socket>();
  readonly #waiting: Socket[] = [];

  /** How many connections are not taken yet. */
  get waiting(): number {
    return this.#waiting.length + this.#given.size;
  }

  /** Gives connections to this process too from now on. */
  add(taker: Taker): void {
    this.#takers.add(taker);
    this.#free.add(taker);
    this.#handOut();
  }

  /** Gives it none from now on. It still takes the one that is on its way. */
  pass(taker: Taker): void {
    this.#takers.delete(taker);
    this.#free.delete(taker);
  }

  /** Gives what is on its way to it to another: it has ended. */
  drop(taker: Taker): void {
    this.pass(taker);
    const connection = this.#given.get(taker);
    this.#given.delete(taker);
    if (connection) this.#waiting.unshift(connection);
    this.#handOut();
  }

  /** Notes that it has the connection it was given: our own end of it can be closed. */
  taken(taker: Taker): void {
    this.#given.get(taker)?.destroy();
    this.#given.delete(taker);
    if (this.#takers.has(taker)) this.#free.add(taker);
    this.#handOut();
  }

  /** @param connection from which nothing has been read */
  push(connection: Socket): void {
    this.#waiting.push(connection);
    this.#handOut();
  }

  #handOut(): void {
    for (const taker of this.#free) {
      const connection = this.#waiting.shift();
      if (!connection) return;
      this.#free.delete(taker);
      this.#given.set(taker, connection);
      taker.give(connection);
    }
  }
}
