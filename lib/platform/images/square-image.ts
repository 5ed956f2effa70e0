import "server-only";
import { createHash } from "node:crypto";
import { PICTURE_MEGAPIXELS } from "../../shared/limits";
import { findFileFault, type ImageFault } from "./image-file";

/** Width and height of the square, in pixels: sharp where it is shown at half of that. */
const SIDE = 256;

/**
 * Most pixels of a picture. A few hundred kilobytes can be any number of them: this bounds memory, at some 200 MB for the
 * worst kind of file (ASVS v5.0.0-5.2.6).
 */
const PIXELS_MAX = PICTURE_MEGAPIXELS * 1_000_000;

/** How long one picture is worked on, in seconds. The largest that is taken needs less than one. */
const PATIENCE_S = 15;

/** A picture as we make it. */
export interface SquareImage {
  /** WebP. */
  bytes: Buffer;
  /** Their SHA-256, in hex. */
  hash: string;
}

export type SquareOutcome = { ok: true; image: SquareImage } | { ok: false; fault: ImageFault };

/**
 * Makes a square WebP of a PNG, JPEG or WebP: upright, cut at its middle, in sRGB, and without anything else that was in the
 * file (ASVS v5.0.0-5.3.1). One thread works on it; how many pictures there are at once is for the caller to bound.
 */
export async function makeSquareImage(file: Buffer): Promise<SquareOutcome> {
  const fault = findFileFault(file);
  if (fault) return { ok: false, fault };
  const sharp = await loadSharp();
  try {
    // Looks at the head alone, so no number of pixels is too many here.
    const { width, height, pages = 1 } = await sharp(file, { limitInputPixels: false }).metadata();
    if (pages > 1) return { ok: false, fault: "animated" };
    if (width * height > PIXELS_MAX) return { ok: false, fault: "too-many-pixels" };
    const bytes = await sharp(file, { limitInputPixels: PIXELS_MAX, failOn: "error", sequentialRead: true })
      .autoOrient()
      .resize(SIDE, SIDE, { fit: "cover" })
      .webp({ quality: 82 })
      .timeout({ seconds: PATIENCE_S })
      .toBuffer();
    return { ok: true, image: { bytes, hash: createHash("sha256").update(bytes).digest("hex") } };
  } catch (error) {
    // The library throws for whatever it cannot read, and tells by words alone what that was.
    return { ok: false, fault: /timeout/i.test(String(error)) ? "slow" : "unreadable" };
  }
}

/** Loaded with the first picture: it is 20 MB that most processes never need. */
async function loadSharp() {
  const { default: sharp } = await import("sharp");
  sharp.concurrency(1);
  sharp.cache(false);
  // Of the many formats it reads, those that are taken, whatever a file makes it believe.
  sharp.block({ operation: ["VipsForeignLoad"] });
  sharp.unblock({
    operation: ["VipsForeignLoadJpegBuffer", "VipsForeignLoadPngBuffer", "VipsForeignLoadWebpBuffer"],
  });
  return sharp;
}
