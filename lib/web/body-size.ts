import { FORM_MAX_BYTES } from "./request-filter";

/** A request of which the middleware has a copy of the body. */
type Received = Pick<Request, "headers" | "body" | "signal">;

/** True when the body is larger than what may pass the middleware, in bytes. One without a length is read until that shows. */
export async function isBodyTooLarge(
  { headers, body, signal }: Received,
  maxBytes: number = FORM_MAX_BYTES,
): Promise<boolean> {
  if (!headers.has("transfer-encoding")) return Number(headers.get("content-length") ?? 0) > maxBytes;
  return body !== null && (await hasMore(body, maxBytes, signal));
}

/** Reads until there are more bytes than that, until the end, or until the sender is gone. */
async function hasMore(
  body: ReadableStream<Uint8Array>,
  maxBytes: number,
  signal: AbortSignal,
): Promise<boolean> {
  const reader = body.getReader();
  const stop = () => void reader.cancel();
  signal.addEventListener("abort", stop, { once: true });
  try {
    for (let bytes = 0; bytes <= maxBytes; ) {
      const { done, value } = await reader.read();
      if (done) return false;
      bytes += value.byteLength;
    }
    return true;
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
