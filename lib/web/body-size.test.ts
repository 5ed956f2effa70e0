import { describe, expect, it } from "vitest";
import { isBodyTooLarge } from "./body-size";

const KIB = 1024;
const FORM_MAX = 512 * KIB;

/** A request as the middleware has it; a body that is given as chunks has no length. */
function request({ length, chunks }: { length?: number; chunks?: Iterable<number> }) {
  const controller = new AbortController();
  let read = 0;
  const iterator = (chunks ?? [])[Symbol.iterator]();
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(stream) {
      const { done, value } = iterator.next();
      if (done) return stream.close();
      read += value;
      stream.enqueue(new Uint8Array(value));
    },
  });
  const headers = new Headers(
    chunks
      ? { "transfer-encoding": "chunked" }
      : length === undefined
        ? {}
        : { "content-length": String(length) },
  );
  const received = { headers, body, signal: controller.signal };
  return { received, read: () => read, leave: () => controller.abort() };
}

const isTooLarge = (...about: Parameters<typeof request>) => isBodyTooLarge(request(...about).received);

function* endless(chunk: number) {
  for (;;) yield chunk;
}

describe("isBodyTooLarge", () => {
  it("compares the length that a request tells", async () => {
    expect(await isTooLarge({})).toBe(false);
    expect(await isTooLarge({ length: FORM_MAX })).toBe(false);
    expect(await isTooLarge({ length: FORM_MAX + 1 })).toBe(true);
  });

  it("reads one without a length up to the limit, whatever its chunks", async () => {
    for (const chunks of [[], [1], [FORM_MAX], [FORM_MAX - 1, 1]])
      expect(await isTooLarge({ chunks })).toBe(false);
    for (const chunks of [[FORM_MAX + 1], [FORM_MAX, 1], endless(1000)])
      expect(await isTooLarge({ chunks })).toBe(true);
  });

  it("reads no further once it is over the limit", async () => {
    const { received, read } = request({ chunks: endless(64 * KIB) });
    expect(await isBodyTooLarge(received)).toBe(true);
    expect(read()).toBeLessThanOrEqual(FORM_MAX + 2 * 64 * KIB);
  });

  it("waits no longer for a sender that has gone", async () => {
    const { received, leave } = request({ chunks: [] });
    const body = new ReadableStream<Uint8Array<ArrayBuffer>>(); // nothing ever comes
    const answer = isBodyTooLarge({
      ...received,
      headers: new Headers({ "transfer-encoding": "chunked" }),
      body,
    });
    leave();
    expect(await answer).toBe(false);
  });
});
