/** A body on its way. */
interface Arriving {
  from: string;
  cutOff: () => void;
}

/**
 * Bounds how many large bodies are on their way at once, for the memory they take. One more than that is let in all the same,
 * and another is cut off: of the network that sends the most, the one that has been longest on its way. So a slow sender takes
 * the place of nobody but those who send beside it.
 */
export class ArrivingBodies {
  readonly #bodies = new Set<Arriving>();

  constructor(readonly max: number) {}

  /** @returns what is to be called when it has arrived, or come to nothing */
  begin(from: string, cutOff: () => void): () => void {
    const body = { from, cutOff };
    this.#bodies.add(body);
    if (this.#bodies.size > this.max) this.#cutOffOne();
    return () => void this.#bodies.delete(body);
  }

  #cutOffOne(): void {
    const counts = new Map<string, number>();
    for (const { from } of this.#bodies) counts.set(from, (counts.get(from) ?? 0) + 1);
    const most = Math.max(...counts.values());
    const oldest = [...this.#bodies].find(({ from }) => counts.get(from) === most);
    if (!oldest) return;
    this.#bodies.delete(oldest);
    oldest.cutOff();
  }
}
