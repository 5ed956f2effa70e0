import "server-only";
import { PICTURE_ARRIVAL_S, PICTURE_MAX_BYTES, PICTURES_AT_ONCE } from "../shared/limits";
import { SECOND_MS } from "../shared/units";
import { ArrivingBodies } from "./arriving-bodies";
import { PICTURE_FORM_MAX_BYTES } from "./request-filter";

/** The file's field in the form with a picture. */
export const PICTURE_FIELD = "picture";

/** What a body ends as whose sender is gone: nobody is there to be answered. */
const GONE = { done: true, value: undefined } as const;

/**
 * What browsers, curl and libraries send: nothing that two parsers read differently, like a boundary in quotes. RFC 2046 §5.1.1
 * allows more.
 */
const FORM_TYPE = /^multipart\/form-data;[ \t]*boundary=([\w'-]{1,70})$/i;

/** Parts of the form at most: ours has three. A parser takes its time for each. */
const PARTS_MAX = 10;

export type PictureForm =
  | { ok: true; fields: Record<string, string>; file: Buffer }
  | { ok: false; reason: "form-unreadable" | "missing" | "too-large" | "too-long-on-its-way" };

const arriving = new ArrivingBodies(PICTURES_AT_ONCE.onTheirWay);

/**
 * Reads the form with a picture, which no action does: those have small forms.
 * @param from names the network it comes from
 */
export async function readPictureForm(request: Request, from: string): Promise<PictureForm> {
  const body = await readBody(request, from);
  if (!Buffer.isBuffer(body)) return { ok: false, reason: body };
  const type = request.headers.get("content-type") ?? "";
  const form = hasFewParts(body, type) ? await parse(body, type) : null;
  if (!form) return { ok: false, reason: "form-unreadable" };
  const file = form.get(PICTURE_FIELD);
  if (!(file instanceof File) || file.size === 0) return { ok: false, reason: "missing" };
  if (file.size > PICTURE_MAX_BYTES) return { ok: false, reason: "too-large" };
  const fields = Object.fromEntries(
    [...form].filter((field): field is [string, string] => typeof field[1] === "string"),
  );
  return { ok: true, fields, file: Buffer.from(await file.arrayBuffer()) };
}

async function readBody(
  { headers, body }: Request,
  from: string,
): Promise<Buffer | "too-large" | "too-long-on-its-way"> {
  if (Number(headers.get("content-length") ?? 0) > PICTURE_FORM_MAX_BYTES) return "too-large"; // Node discards it
  const reader = body?.getReader();
  if (!reader) return Buffer.alloc(0);
  let isLate = false;
  const cutOff = () => {
    isLate = true;
    void reader.cancel().catch(() => {});
  };
  const patience = setTimeout(cutOff, PICTURE_ARRIVAL_S * SECOND_MS);
  const end = arriving.begin(from, cutOff);
  try {
    const chunks: Uint8Array[] = [];
    for (let bytes = 0; ; ) {
      const { done, value } = await reader.read().catch(() => GONE);
      if (isLate) return "too-long-on-its-way";
      if (done) return Buffer.concat(chunks);
      bytes += value.byteLength;
      if (bytes > PICTURE_FORM_MAX_BYTES) return "too-large";
      chunks.push(value);
    }
  } finally {
    clearTimeout(patience);
    end();
  }
}

function hasFewParts(body: Buffer, type: string): boolean {
  const boundary = FORM_TYPE.exec(type)?.[1];
  if (boundary === undefined) return false;
  let parts = 0;
  for (let at = body.indexOf(`--${boundary}`); at >= 0; at = body.indexOf(`--${boundary}`, at + 1))
    if (++parts > PARTS_MAX) return false;
  return true;
}

function parse(body: Buffer, type: string): Promise<FormData | null> {
  return new Response(new Uint8Array(body), { headers: { "content-type": type } })
    .formData()
    .catch(() => null);
}
