/** Why bytes are no picture that is taken. */
export type ImageFault =
  /** No PNG, JPEG or WebP by its content, or none that can be read. */
  | "unreadable"
  /** It ends before its end. */
  | "incomplete"
  /** It goes on behind the picture's end: it may be two things at once. */
  | "appended"
  | "animated"
  | "too-many-pixels"
  /** Reading it takes too long. */
  | "slow";

/**
 * What is wrong with a file by its structure; null: nothing that shows without decoding it. Its content decides what it is,
 * and neither its name nor the type that a browser says (ASVS v5.0.0-5.2.2).
 */
export function findFileFault(bytes: Buffer): ImageFault | null {
  if (bytes.subarray(0, 8).equals(PNG)) return faultOfPng(bytes);
  if (bytes.subarray(0, 3).equals(JPEG)) return faultOfJpeg(bytes);
  if (isTextAt(bytes, 0, "RIFF") && isTextAt(bytes, 8, "WEBP")) return faultOfWebp(bytes);
  return "unreadable";
}

const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const JPEG = Buffer.from([0xff, 0xd8, 0xff]);

function isTextAt(bytes: Buffer, at: number, text: string): boolean {
  return bytes.subarray(at, at + text.length).equals(Buffer.from(text, "latin1"));
}

/** Chunks of one PNG or WebP. Programs write some hundreds: they are long, and each one more is a step for every reader. */
const CHUNKS_MAX = 10_000;

/** A chunk has its length, its type, its content and a checksum (PNG 3rd edition §5.3). */
function faultOfPng(bytes: Buffer): ImageFault | null {
  let chunks = 0;
  for (let at = PNG.length; at + 12 <= bytes.length; at += 12 + bytes.readUInt32BE(at)) {
    if (++chunks > CHUNKS_MAX) return "slow";
    const type = bytes.readUInt32BE(at + 4);
    if (type === TYPES.acTL) return "animated";
    if (type === TYPES.IEND) return at + 12 < bytes.length ? "appended" : null;
  }
  return "incomplete";
}

/** One chunk around all others, each filled up to an even length (RFC 9649 §2.3). */
function faultOfWebp(bytes: Buffer): ImageFault | null {
  if (bytes.length < 20) return "incomplete";
  const end = 8 + evened(bytes.readUInt32LE(4));
  let chunks = 0;
  for (let at = 12; at + 8 <= bytes.length; at += 8 + evened(bytes.readUInt32LE(at + 4))) {
    if (++chunks > CHUNKS_MAX) return "slow";
    const type = bytes.readUInt32BE(at);
    if (type === TYPES.ANIM || type === TYPES.ANMF) return "animated";
  }
  if (end > bytes.length) return "incomplete";
  return end < bytes.length ? "appended" : null;
}

/** Types of chunks, each its four letters as a number. */
const TYPES = { acTL: typeOf("acTL"), IEND: typeOf("IEND"), ANIM: typeOf("ANIM"), ANMF: typeOf("ANMF") };

function typeOf(letters: string): number {
  return Buffer.from(letters, "latin1").readUInt32BE(0);
}

const evened = (length: number) => length + (length % 2);

/** Markers of a JPEG (ITU-T T.81, table B.1). */
const END_OF_IMAGE = 0xd9;
const START_OF_SCAN = 0xda;
const isAlone = (marker: number) => marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8);

/** Scans of one JPEG. Cameras and programs make a dozen; each one more goes through all of its pixels again. */
const SCANS_MAX = 100;

/** Segments with their length, and between them coded data, in which FF is followed by 00 or by a marker without a length. */
function faultOfJpeg(bytes: Buffer): ImageFault | null {
  for (let at = 2, scans = 0; ; ) {
    at = bytes.indexOf(0xff, at);
    const marker = at < 0 ? undefined : bytes[at + 1];
    if (marker === undefined) return "incomplete";
    if (marker === END_OF_IMAGE) return isOfCamera(bytes.subarray(at + 2)) ? null : "appended";
    if (marker === START_OF_SCAN && ++scans > SCANS_MAX) return "slow";
    if (marker === 0xff) at += 1;
    else if (marker === 0 || isAlone(marker)) at += 2;
    else if (at + 4 > bytes.length) return "incomplete";
    else at += 2 + Math.max(2, bytes.readUInt16BE(at + 2));
  }
}

/** What cameras and phones put behind a JPEG: nothing, more JPEGs, a film of the moment before, or Samsung's own notes. */
function isOfCamera(rest: Buffer): boolean {
  const start = rest.findIndex((byte) => byte !== 0);
  if (start < 0) return true;
  const appendix = rest.subarray(start);
  if (appendix.subarray(0, 3).equals(JPEG)) return true;
  return isTextAt(rest, Math.max(start, 3) + 1, "ftyp") || isTextAt(rest, rest.length - 4, "SEFT");
}
