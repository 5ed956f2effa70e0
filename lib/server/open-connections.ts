import { once } from "node:events";
import type { Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { setImmediate as afterArrivals, setTimeout as delay } from "node:timers/promises";

/** How long an idle connection may still bring a request after a signal to stop, in milliseconds. */
export const LINGER_MS = 200;

/** How often to look for such a moment where connections keep coming. */
const LOOKS_MAX = 100;

/** The connections of a server, so that it can leave without cutting off a request that is on its way. */
export class OpenConnections {
  readonly #server: Server;
  readonly #connections = new Set<Socket>();
  readonly #answers = new Set<ServerResponse>();
  #accepted = 0;
  #isLeaving = false;
  #onNone = () => {};

  constructor(server: Server) {
    this.#server = server;
    server.on("connection", (connection: Socket) => {
      this.#accepted += 1;
      this.#connections.add(connection);
      connection.once("close", () => {
        this.#connections.delete(connection);
        if (this.#connections.size === 0) this.#onNone();
      });
    });
    server.prependListener("request", (_, answer) => {
      if (this.#isLeaving) answer.shouldKeepAlive = false;
      this.#answers.add(answer);
      answer.once("close", () => this.#answers.delete(answer));
    });
  }

  /**
   * Ends each connection with its next answer, which says `Connection: close`. One that is idle is not closed at once: a
   * request may be on its way. Resolves when none is left.
   */
  leave(): Promise<void> {
    this.#isLeaving = true;
    for (const answer of this.#answers) answer.shouldKeepAlive = false;
    return new Promise((resolve) => {
      this.#onNone = resolve;
      if (this.#connections.size === 0) resolve();
    });
  }

  /**
   * Leaves, closes what is idle after so many milliseconds, and listens no longer: `Server.close()` alone would cut off who
   * waits to be accepted and who is about to ask. Resolves when no connection is left.
   */
  async end(lingerMs: number): Promise<void> {
    const isOver = once(this.#server, "close");
    void this.leave();
    await delay(lingerMs);
    await this.#quiet();
    this.#server.close();
    await isOver;
  }

  /** Resolves at a moment at which nobody waits to be accepted, or after so many looks: the system cuts off whoever does. */
  async #quiet(): Promise<void> {
    for (let look = 0, before = -1; look < LOOKS_MAX && before !== this.#accepted; look++) {
      before = this.#accepted;
      await afterArrivals();
    }
  }
}
