import type { Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** The connections of a server that is given them by another process, so that it can leave without cutting one off. */
export class OpenConnections {
  readonly #connections = new Set<Socket>();
  readonly #answers = new Set<ServerResponse>();
  #isLeaving = false;
  #onNone = () => {};

  constructor(server: Server) {
    server.on("connection", (connection: Socket) => {
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
}
