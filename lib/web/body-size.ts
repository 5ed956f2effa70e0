import { FORM_MAX_BYTES, takesAnySize } from "./request-filter";

/**
 * Largest body that Next passes on whole behind the middleware, in bytes; it cuts larger ones without an error
 * (`proxyClientMaxBodySize` in next.config.mjs, which is more by what arrives at once). This concerns routes that an app
 * adds, and only requests with cookies that say where they come from by `Origin` alone: those that look foreign are refused
 * unread, and the matcher lets all others stream past.
 */
const BEHIND_MIDDLEWARE_MAX_BYTES = 10 * 1024 * 1024;

/** A request of which the middleware has a copy of the body. */
type Received = Pick<Request, "method" | "headers" | "body" | "signal"> & {
  nextUrl: { pathname: string };
};

/** True when the body is larger than what may pass the middleware. One without a length is read until that shows. */
export async function isBodyTooLarge({ headers, body, signal, nextUrl }: Received): Promise<boolean> {
  const maxBytes = takesAnySize(nextUrl.pathname) ? BEHIND_MIDDLEWARE_MAX_BYTES : FORM_MAX_BYTES;
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
