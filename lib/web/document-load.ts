import type { NextRequest } from "next/server";

/** Headers that Next's own script sends: for the data of a page, or to prefetch it. */
const ROUTER_HEADERS = ["rsc", "next-router-prefetch", "next-router-segment-prefetch"];

/** True when a person is about to see this page: not for its data, for a form's answer or for a prefetch. */
export function isDocumentLoad({ method, headers }: Pick<NextRequest, "method" | "headers">): boolean {
  const isPrefetch = /\bpre(fetch|render)\b/.test(headers.get("sec-purpose") ?? headers.get("purpose") ?? "");
  const destination = headers.get("sec-fetch-dest") ?? "document";
  return (
    method === "GET" &&
    destination === "document" &&
    !isPrefetch &&
    !ROUTER_HEADERS.some((name) => headers.has(name))
  );
}

/** Path and query as they were requested, without the parameter that Next's script adds. */
export function pathAsSent({ nextUrl }: Pick<NextRequest, "nextUrl">): string {
  const path = nextUrl.pathname + nextUrl.search;
  return path.replace(/([?&])_rsc=[^&]*&?/, "$1").replace(/[?&]$/, "");
}
