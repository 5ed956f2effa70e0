import { type Line, primary } from "../platform/ipc";
import { FairQueue, type Requester } from "../security/passwords/fair-queue";
import { PICTURES_AT_ONCE } from "../shared/limits";
import { MINUTE_MS } from "../shared/units";

/** Ends a turn; the next one's begins after as long a rest as it took. Does nothing the second time. */
export type EndTurn = () => void;

/** A turn that has not ended ends by itself, in milliseconds: a picture is worked on for a quarter of that at most. */
const TURN_MAX_MS = MINUTE_MS;

/**
 * Whose picture is worked on next: one at a time, and after each as long a rest, so that pictures take half a core at most,
 * and neither the others nor the memory from logins. Networks take turns, and one has half of the room that there is.
 */
export class PictureQueue {
  readonly #waiting = new FairQueue<() => void>(PICTURES_AT_ONCE.waiting);
  #isBusy = false;

  /** Resolves when the turn has come; null: there is no room for this one. */
  async take(requester: Requester): Promise<EndTurn | null> {
    if (this.#waiting.isFullForClient(requester) || this.#waiting.isFullForAccount(requester)) return null;
    this.#waiting.reserve(requester);
    return new Promise((resolve) => {
      this.#waiting.push(requester, () => resolve(this.#begin()));
      this.#goOn();
    });
  }

  #begin(): EndTurn {
    const start = performance.now();
    let isOver = false;
    const goOn = () => {
      this.#isBusy = false;
      this.#goOn();
    };
    const end = () => {
      if (isOver) return;
      isOver = true;
      clearTimeout(patience);
      setTimeout(goOn, performance.now() - start);
    };
    const patience = setTimeout(end, TURN_MAX_MS);
    return end;
  }

  #goOn(): void {
    if (this.#isBusy) return;
    const begin = this.#waiting.shift(() => true);
    if (!begin) return;
    this.#isBusy = true;
    begin();
  }
}

const shared = globalThis as typeof globalThis & { latchkeyPictureQueue?: PictureQueue };

/** The one queue of this process: a second bundle of this file finds the same one. */
function pictureQueue(): PictureQueue {
  shared.latchkeyPictureQueue ??= new PictureQueue();
  return shared.latchkeyPictureQueue;
}

/**
 * Waits for a turn in the one queue of the machine: here, or in the primary where this process is a worker of it.
 * @returns null: too many wait, of this network or of all
 */
export async function takePictureTurn(requester: Requester): Promise<EndTurn | null> {
  const line = primary();
  return line ? takeThere(line, requester) : pictureQueue().take(requester);
}

async function takeThere(line: Line, requester: Requester): Promise<EndTurn | null> {
  const turn = await line.call<number | null>("awaitPictureTurn", requester);
  return turn === null ? null : () => line.tell("endPictureTurn", turn);
}

/** The turns of one worker, by number, as the primary has them. */
export class TurnsOfWorker {
  readonly #turns = new Map<number, EndTurn>();
  #last = 0;
  #isGone = false;

  readonly answers = {
    awaitPictureTurn: async (requester: Requester): Promise<number | null> => {
      const end = await pictureQueue().take(requester);
      if (!end) return null;
      this.#turns.set(++this.#last, end);
      if (this.#isGone) this.endAll();
      return this.#last;
    },
    endPictureTurn: (turn: number) => {
      this.#turns.get(turn)?.();
      this.#turns.delete(turn);
    },
  };

  /** Ends those that a worker had when it ended, and those that come to it later. */
  endAll(): void {
    this.#isGone = true;
    for (const end of this.#turns.values()) end();
    this.#turns.clear();
  }
}
