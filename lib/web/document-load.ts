import type { NextRequest } from "next/server";

/** What Next's own script asks with: for data behind a page, or on a guess. */
const ROUTER_HEADERS = ["rsc", "next-router-prefetch", "next-router-segment-prefetch"];

/** True when a person is about to see this page: no data behind a page, no form's answer, nothing fetched on a guess. */
export function isDocumentLoad({ method, headers }: Pick<NextRequest, "method" | "headers">): boolean {
  const isGuess = /\bpre(fetch|render)\b/.test(headers.get("sec-purpose") ?? headers.get("purpose") ?? "");
  const destination = headers.get("sec-fetch-dest") ?? "document";
  return (
    method === "GET" &&
    destination === "document" &&
    !isGuess &&
    !ROUTER_HEADERS.some((name) => headers.has(name))
  );
}

/** Path and query as they were asked for, without the mark that Next's script puts on its requests. */
export function pathAsSent({ nextUrl }: Pick<NextRequest, "nextUrl">): string {
  const path = nextUrl.pathname + nextUrl.search;
  return path.replace(/([?&])_rsc=[^&]*&?/, "$1").replace(/[?&]$/, "");
}
