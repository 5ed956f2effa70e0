import type { NextRequest } from "next/server";
import type { FilteredRequest } from "./request-filter";

/** Headers that Next's own script sends: for the data of a page, or to prefetch it. */
const ROUTER_HEADERS = ["rsc", "next-router-prefetch", "next-router-segment-prefetch"];

/** True when a person is about to see this page: not for its data, for a form's answer or for a prefetch. */
export function isDocumentLoad({ method, headers }: Pick<NextRequest, "method" | "headers">): boolean {
  return method === "GET" && asksForDocument((name) => headers.get(name));
}

/** True when the headers of a request ask for a whole page, for a person. */
export function asksForDocument(header: FilteredRequest["header"]): boolean {
  const isPrefetch = /\bpre(fetch|render)\b/.test(header("sec-purpose") ?? header("purpose") ?? "");
  const destination = header("sec-fetch-dest") ?? "document";
  return destination === "document" && !isPrefetch && ROUTER_HEADERS.every((name) => header(name) === null);
}

/** Path and query as they were requested, without the parameter that Next's script adds. */
export function pathAsSent({ nextUrl }: Pick<NextRequest, "nextUrl">): string {
  const path = nextUrl.pathname + nextUrl.search;
  return path.replace(/([?&])_rsc=[^&]*&?/, "$1").replace(/[?&]$/, "");
}
