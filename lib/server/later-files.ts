import { createReadStream, existsSync, statSync } from "node:fs";
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import { extname, join } from "node:path";
import { pipeline } from "node:stream";
import { IN_USE, STATIC } from "../platform/folders";
import { SCRIPTLESS_POLICY } from "../web/security-headers.mjs";
import { ROOT } from "./root";

/** What Next makes for browsers, and how it says so. */
const TYPES: Record<string, string> = {
  ".css": "text/css; charset=UTF-8",
  ".ico": "image/x-icon",
  ".js": "application/javascript; charset=UTF-8",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
};

/** Names as Next gives them, so no way out of the folder. */
const FILE = /^\/_next\/static\/((?:[\w~-]+\/){0,2}[\w~-][\w.~-]*)$/;

/** What Next answers for its own: a file of that name never changes. */
const CACHE_CONTROL = "public, max-age=31536000, immutable";

/** The name of the file of a build that an address is of, from its folder; null: of none. */
export function staticFileOf(url: string): string | null {
  return FILE.exec(url.split("?")[0] ?? "")?.[1] ?? null;
}

/**
 * Answers with a file that this server's own build does not have and the build in use has. During an upgrade a page comes
 * from an instance that runs it already, and its scripts are asked for at this one.
 * @param served the folder of the build that this server began with
 * @returns false where Next has to answer
 */
export function answerLaterFile(
  { method, url = "" }: IncomingMessage,
  response: ServerResponse,
  served: string,
  root = ROOT,
): boolean {
  const name = staticFileOf(url);
  if (name === null || (method !== "GET" && method !== "HEAD")) return false;
  if (existsSync(join(root, served, STATIC, name))) return false;
  return TYPES[extname(name)] !== undefined && sendFile(response, join(root, IN_USE, STATIC, name), method);
}

/**
 * Answers with a file that never changes, of a kind that its name tells.
 * @param headers besides
 * @returns false where there is no such file
 */
export function sendFile(
  response: ServerResponse,
  file: string,
  method: string,
  headers: OutgoingHttpHeaders = {},
): boolean {
  const found = statSync(file, { throwIfNoEntry: false });
  if (!found?.isFile()) return false;
  response.writeHead(200, {
    "Content-Type": TYPES[extname(file)],
    "Content-Length": found.size,
    "Cache-Control": CACHE_CONTROL,
    "Content-Security-Policy": SCRIPTLESS_POLICY,
    ...headers,
  });
  if (method === "HEAD") response.end();
  else pipeline(createReadStream(file), response, () => {}); // closes the file, too, when the browser goes away
  return true;
}
