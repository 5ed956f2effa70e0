import type { Socket } from "node:net";

/** The end of a channel that Node opens between two processes: a child as its parent sees it, or `process` in the child. */
export interface ChannelEnd {
  send?(message: Message, handle: Socket | undefined, options: object, sent: () => void): boolean;
  on(event: "message", listener: (message: unknown, handle?: unknown) => void): unknown;
  on(event: "disconnect", listener: () => void): unknown;
}

/** What a process does when the other end of a line asks for it, by name. What it answers crosses the line as JSON. */
export type Answers = Record<string, (argument: never, handle: Socket) => unknown>;

/** A call has a number, and its answer has the same one; what is only told has none. */
type Message =
  | { name: string; argument: unknown; call: number | null }
  | { answer: number; result?: unknown; error?: string };

interface Call {
  resolve: (result: never) => void;
  reject: (error: Error) => void;
}

/**
 * The line between the two kinds of process that serve the app: the primary, which has what must be one for the machine, and
 * a worker, which answers requests. Nothing that crosses it is logged: passwords do.
 */
export class Line {
  readonly #end: ChannelEnd;
  readonly #answers: Answers;
  readonly #calls = new Map<number, Call>();
  #last = 0;
  #isClosed = false;

  constructor(end: ChannelEnd, answers: Answers) {
    this.#end = end;
    this.#answers = answers;
    end.on("message", (message, handle) => void this.#receive(message as Message, handle as Socket));
    end.on("disconnect", () => this.#close());
  }

  /** Asks the other process. @throws Error when that fails there, or ends before it has answered */
  call<Result>(name: string, argument: unknown = null): Promise<Result> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) return reject(new Error("The other process has ended"));
      const call = ++this.#last;
      this.#calls.set(call, { resolve, reject });
      this.#send({ name, argument, call });
    });
  }

  /** Tells the other process, and awaits nothing: one that has ended does not hear it. */
  tell(name: string, argument: unknown = null, handle?: Socket): void {
    this.#send({ name, argument, call: null }, handle);
  }

  async #receive(message: Message, handle: Socket): Promise<void> {
    if ("answer" in message) return this.#finish(message);
    const { name, argument, call } = message;
    try {
      const result = await this.#answers[name]?.(argument as never, handle);
      if (call !== null) this.#send({ answer: call, result });
    } catch (error) {
      if (call === null) throw error; // nobody waits for it
      this.#send({ answer: call, error: error instanceof Error ? error.message : String(error) });
    }
  }

  #finish({ answer, result, error }: { answer: number; result?: unknown; error?: string }): void {
    const call = this.#calls.get(answer);
    this.#calls.delete(answer);
    if (error === undefined) call?.resolve(result as never);
    else call?.reject(new Error(error));
  }

  /** Keeps our own end of a connection open: what the other process has not taken when it dies is given to another one. */
  #send(message: Message, handle?: Socket): void {
    if (!this.#isClosed) this.#end.send?.(message, handle, { keepOpen: true }, () => {});
  }

  #close(): void {
    this.#isClosed = true;
    for (const { reject } of this.#calls.values()) reject(new Error("The other process has ended"));
    this.#calls.clear();
  }
}

/** Next bundles this file more than once, and our own server loads it beside those; globalThis is what they share. */
const shared = globalThis as { latchkeyPrimary?: Line };

/** The line to the primary; null where this process is the only one, which then does all by itself. */
export function primary(): Line | null {
  return shared.latchkeyPrimary ?? null;
}

/** Makes this process a worker; null: one that does all by itself. */
export function joinPrimary(line: Line | null): void {
  shared.latchkeyPrimary = line ?? undefined;
}
