import { createReadStream, existsSync, type Stats, statSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { extname, join } from "node:path";
import { pipeline } from "node:stream";
import { IN_USE, STATIC } from "../platform/folders";
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
  const name = FILE.exec(url.split("?")[0] ?? "")?.[1];
  if (name === undefined || (method !== "GET" && method !== "HEAD")) return false;
  if (existsSync(join(root, served, STATIC, name))) return false;
  const file = join(root, IN_USE, STATIC, name);
  const [type, found] = [TYPES[extname(name)], statSync(file, { throwIfNoEntry: false })];
  if (type === undefined || !found?.isFile()) return false;
  send(response, file, found, type, method === "HEAD");
  return true;
}

function send(response: ServerResponse, file: string, { size }: Stats, type: string, isHead: boolean): void {
  response.writeHead(200, { "Content-Type": type, "Content-Length": size, "Cache-Control": CACHE_CONTROL });
  if (isHead) response.end();
  else pipeline(createReadStream(file), response, () => {}); // closes the file, too, when the browser goes away
}
