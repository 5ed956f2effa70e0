import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { dirname, join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";
import { STATIC } from "../platform/folders";
import { sendFile, staticFileOf } from "./later-files";
import { ROOT } from "./root";

/** In a build, its scripts and styles as they are sent. */
const PACKED = "packed";

/** What is worth it: text. */
const TEXT = /\.(?:js|css)$/;

/** From 0 to 11: an eighth smaller than gzip, in a second for all files. */
const QUALITY = 10;

/**
 * Compresses the scripts and styles of a build, once and better than there is time for while a visitor waits: Next would do it
 * anew for each of them.
 */
export function packFiles(build: string): void {
  for (const name of readdirSync(join(build, STATIC), { recursive: true, encoding: "utf8" })) {
    if (!TEXT.test(name)) continue;
    const bytes = readFileSync(join(build, STATIC, name));
    const packed = join(build, PACKED, name);
    mkdirSync(dirname(packed), { recursive: true });
    writeFileSync(
      packed,
      brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: QUALITY } }),
    );
  }
}

/**
 * Answers with a script or style of the build as it was packed, a browser that takes that. One that asks for a part of it, or
 * whether it has changed, asks Next.
 * @param served the folder of the build that this server began with
 * @returns false where Next has to answer
 */
export function answerPackedFile(
  { method, url = "", headers: asked }: IncomingMessage,
  response: ServerResponse,
  served: string,
  root = ROOT,
): boolean {
  const name = staticFileOf(url);
  if (name === null || !TEXT.test(name) || (method !== "GET" && method !== "HEAD")) return false;
  if (asked.range || asked["if-none-match"] || asked["if-modified-since"]) return false;
  // RFC 9110 §12.5.3: with a weight beside it, it takes more than a look.
  if (!/(?:^|,)\s*br\s*(?:,|$)/i.test(asked["accept-encoding"]?.toString() ?? "")) return false;
  const headers = { "Content-Encoding": "br", Vary: "Accept-Encoding" };
  return sendFile(response, join(root, served, PACKED, name), method, headers);
}
