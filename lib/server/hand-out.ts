import type { Socket } from "node:net";
import { SECOND_MS } from "../shared/units";

/** A process that answers requests, as far as it is given connections. */
export interface Taker {
  /** Hands it a connection; it says when it has that one, by its number. */
  give(connection: Socket, number: number): void;
  /** Is called when it has taken none for long: another is to take its place. */
  giveUp(): void;
}

/**
 * How long a process may take to say that it has a connection, in milliseconds. One that is only busy takes milliseconds; one
 * that is out of file descriptors never gets what it was sent.
 */
export const TAKEN_WITHIN_MS = 5 * SECOND_MS;

/** So many connections in a row that it does not take, and a process is given up. */
export const MISSED_MAX = 3;

/** Connections that wait: as many as the system lets wait for us besides. Each is a file descriptor. */
export const WAITING_MAX = 4_096;

/** A connection on its way to a process. */
interface Given {
  number: number;
  connection: Socket;
  patience: NodeJS.Timeout;
}

/**
 * Hands connections to processes, in turn. Each is given one at a time and the next when it has that one, so a busy process
 * gets fewer; what it has not taken when it ends is given to another. What it does not take in time is closed, because it may
 * have it all the same, and the next one is tried. Without a process connections wait.
 */
export class HandOut {
  readonly #takers = new Set<Taker>();
  /** Those that may be given one now, the next first. */
  readonly #free = new Set<Taker>();
  readonly #given = new Map<Taker, Given>();
  /** How many each has missed in a row. */
  readonly #missed = new Map<Taker, number>();
  #waiting = new Set<Socket>();
  #last = 0;

  /** How many connections are not taken yet. */
  get waiting(): number {
    return this.#waiting.size + this.#given.size;
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
    this.#missed.delete(taker);
  }

  /** Gives what is on its way to it to another: it has ended. */
  drop(taker: Taker): void {
    this.pass(taker);
    const connection = this.#takeBack(taker);
    if (connection && !connection.destroyed) this.#waiting = new Set([connection, ...this.#waiting]);
    this.#handOut();
  }

  /** Notes that it has the connection with this number: our own end of it can be closed. It may say so too late. */
  taken(taker: Taker, number: number): void {
    this.#missed.delete(taker);
    if (this.#given.get(taker)?.number !== number) return;
    this.#takeBack(taker)?.destroy();
    this.#giveNext(taker);
  }

  /** @param connection from which nothing has been read; it is closed where too many wait */
  push(connection: Socket): void {
    if (this.#waiting.size >= WAITING_MAX) return void connection.destroy();
    this.#waiting.add(connection);
    connection.once("close", () => this.#waiting.delete(connection));
    this.#handOut();
  }

  #handOut(): void {
    for (const taker of this.#free) {
      const [connection] = this.#waiting;
      if (!connection) return;
      this.#waiting.delete(connection);
      this.#free.delete(taker);
      const number = ++this.#last;
      const patience = setTimeout(() => this.#miss(taker), TAKEN_WITHIN_MS);
      this.#given.set(taker, { number, connection, patience });
      taker.give(connection, number);
    }
  }

  #miss(taker: Taker): void {
    this.#takeBack(taker)?.destroy();
    if (!this.#takers.has(taker)) return;
    const missed = (this.#missed.get(taker) ?? 0) + 1;
    this.#missed.set(taker, missed);
    if (missed < MISSED_MAX) {
      this.#giveNext(taker);
    } else {
      this.pass(taker);
      taker.giveUp();
    }
  }

  #giveNext(taker: Taker): void {
    if (this.#takers.has(taker)) this.#free.add(taker);
    this.#handOut();
  }

  #takeBack(taker: Taker): Socket | undefined {
    const given = this.#given.get(taker);
    clearTimeout(given?.patience);
    this.#given.delete(taker);
    return given?.connection;
  }
}
