import { deflateSync } from "node:zlib";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { makeSquareImage } from "./square-image";

type Format = "png" | "jpeg" | "webp";
const FORMATS: Format[] = ["png", "jpeg", "webp"];

const RED = { r: 220, g: 20, b: 20 };
const BLUE = { r: 20, g: 20, b: 220 };

const plain = (width: number, height: number, background = RED) =>
  sharp({ create: { width, height, channels: 3, background } });

/** A picture of noise: no part of it can be left out unseen. */
const noise = (format: Format) =>
  sharp({
    create: {
      width: 300,
      height: 200,
      channels: 3,
      background: RED,
      noise: { type: "gaussian", mean: 99, sigma: 40 },
    },
  })
    .toFormat(format)
    .toBuffer();

/** Its left half red and its right half blue. */
const halves = () =>
  plain(400, 200).composite([
    { input: { create: { width: 200, height: 200, channels: 3, background: BLUE } }, left: 200, top: 0 },
  ]);

async function made(file: Buffer): Promise<Buffer> {
  const outcome = await makeSquareImage(file);
  return outcome.ok ? outcome.image.bytes : expect.fail(outcome.fault);
}

async function faultOf(file: Buffer): Promise<string> {
  const outcome = await makeSquareImage(file);
  return outcome.ok ? "taken" : outcome.fault;
}

/** The colour at a place of a picture. */
async function colourAt(image: Buffer, left: number, top: number): Promise<number[]> {
  return [...(await sharp(image).removeAlpha().extract({ left, top, width: 1, height: 1 }).raw().toBuffer())];
}

const isRed = ([red = 0, , blue = 0]: number[]) => red > 150 && blue < 100;

/** A chunk of a PNG; nobody here looks at its checksum before its type. */
function chunk(type: string, content = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(content.length);
  head.write(type, 4, "latin1");
  return Buffer.concat([head, content, Buffer.alloc(4)]);
}

describe("makeSquareImage", () => {
  it.each(FORMATS)("makes a square WebP of a %s, and the same of the same", async (format) => {
    const file = await plain(640, 480).toFormat(format).toBuffer();
    const [one, two] = [await makeSquareImage(file), await makeSquareImage(file)];
    expect(one).toEqual(two);
    const image = one.ok ? one.image : expect.fail(one.fault);
    expect(image.hash).toMatch(/^[0-9a-f]{64}$/);
    expect(await sharp(image.bytes).metadata()).toMatchObject({ format: "webp", width: 256, height: 256 });
    expect(isRed(await colourAt(image.bytes, 128, 128))).toBe(true);
  });

  it("turns it upright, cuts it at its middle, and keeps nothing else of the file", async () => {
    const exif = { IFD0: { Copyright: "the secret of a camera" }, IFD3: { GPSLatitude: "51/1 30/1 0/1" } };
    for (const [orientation, isRedAbove] of [
      [6, true],
      [8, false],
    ] as const) {
      const file = await halves().withExif(exif).withMetadata({ orientation }).jpeg().toBuffer();
      expect((await sharp(file).metadata()).orientation).toBe(orientation);
      const image = await made(file);
      expect(isRed(await colourAt(image, 128, 20)), String(orientation)).toBe(isRedAbove);
      expect(isRed(await colourAt(image, 128, 236)), String(orientation)).toBe(!isRedAbove);
      const { exif: kept, xmp, icc, iptc } = await sharp(image).metadata();
      expect([kept, xmp, icc, iptc]).toEqual([undefined, undefined, undefined, undefined]);
      expect(image.includes("secret")).toBe(false);
    }
  });

  it("takes the smallest picture, a transparent one and one of inks", async () => {
    const small = await plain(1, 1).png().toBuffer();
    const clear = await plain(30, 30).ensureAlpha(0).png().toBuffer();
    const inks = await plain(30, 30).toColourspace("cmyk").jpeg().toBuffer();
    for (const file of [small, clear, inks]) expect(await faultOf(file)).toBe("taken");
    expect((await sharp(await made(clear)).metadata()).hasAlpha).toBe(true);
  });

  it.each(FORMATS)("refuses a %s that is cut off, wherever that is", async (format) => {
    const file = await noise(format);
    for (const share of [0.3, 0.6, 0.9]) {
      const fault = await faultOf(file.subarray(0, Math.floor(file.length * share)));
      expect(fault, String(share)).toBe("incomplete");
    }
    expect(await faultOf(file.subarray(0, -1)), "the last byte").toBe("incomplete");
    expect(["incomplete", "unreadable"], "the head").toContain(await faultOf(file.subarray(0, 20)));
  });

  it("refuses a png with a hole in it", async () => {
    const file = Buffer.from(await noise("png"));
    file.fill(0, 1_000, 1_100);
    expect(await faultOf(file)).toBe("unreadable");
  });

  it.each(FORMATS)("refuses a %s with something else behind it", async (format) => {
    const file = await noise(format);
    for (const other of ["<script>alert(1)</script>", "PK\x03\x04 a zip", "%PDF-1.7", "GIF89a"])
      expect(await faultOf(Buffer.concat([file, Buffer.from(other)])), other).toBe("appended");
  });

  it("takes what phones put behind a JPEG, and drops it", async () => {
    const file = await noise("jpeg");
    const film = Buffer.concat([Buffer.from([0, 0, 0, 24]), Buffer.from("ftypmp42 a film")]);
    for (const appendix of [file, film, Buffer.alloc(99), Buffer.from("\0\0a note of Samsung's SEFT")])
      expect(await made(Buffer.concat([file, appendix]))).toEqual(await made(file));
  });

  it("refuses one that moves", async () => {
    const frames = await sharp(
      [await plain(20, 20).png().toBuffer(), await plain(20, 20, BLUE).png().toBuffer()],
      {
        join: { animated: true },
      },
    )
      .webp()
      .toBuffer();
    const still = await plain(20, 20).png().toBuffer();
    const moving = Buffer.concat([still.subarray(0, 33), chunk("acTL", Buffer.alloc(8)), still.subarray(33)]);
    for (const file of [frames, moving]) expect(await faultOf(file)).toBe("animated");
  });

  it("judges by the content: nothing else is a picture, whatever it begins with", async () => {
    const svg =
      '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>alert(1)</script></svg>';
    const gif = await plain(9, 9).gif().toBuffer();
    const tiff = await plain(9, 9).tiff().toBuffer();
    const avif = await plain(9, 9).avif().toBuffer();
    const [png, jpeg, webp] = await Promise.all(FORMATS.map(noise));
    const heads = [png, jpeg, webp].map((file) => file?.subarray(0, 12) ?? Buffer.alloc(0));
    for (const file of [svg, "", "\0", "GIF89a/*<svg/>*/", "%PDF-1.7", "MZ", "#!/bin/sh"].map((text) =>
      Buffer.from(text),
    ))
      expect(await faultOf(file), String(file)).toBe("unreadable");
    for (const file of [gif, tiff, avif]) expect(await faultOf(file)).toBe("unreadable");
    for (const head of heads) {
      for (const rest of [svg, gif, `${"<html>".repeat(999)}`])
        expect(await faultOf(Buffer.concat([head, Buffer.from(rest)]))).not.toBe("taken");
    }
  });

  it("refuses more pixels than 25 million, however small the file", async () => {
    const [least, most] = [
      await plain(5001, 5000).png().toBuffer(),
      await plain(5000, 5000).png().toBuffer(),
    ];
    expect(await faultOf(least)).toBe("too-many-pixels");
    expect(await faultOf(most)).toBe("taken");
    const header = Buffer.from(least.subarray(0, 33));
    header.writeUInt32BE(0x7fffffff, 16);
    header.writeUInt32BE(0x7fffffff, 20);
    const bomb = Buffer.concat([header, chunk("IDAT", deflateSync(Buffer.alloc(1 << 20))), chunk("IEND")]);
    expect(["too-many-pixels", "unreadable"]).toContain(await faultOf(bomb));
    expect(await faultOf(least)).toBe("too-many-pixels");
  });

  it("refuses a JPEG that goes through its pixels again and again", async () => {
    const file = await plain(64, 64).jpeg({ progressive: true }).toBuffer();
    const scan = file.subarray(file.lastIndexOf(Buffer.from([0xff, 0xda])), -2);
    const scans = Array.from({ length: 200 }, () => scan);
    expect(await faultOf(Buffer.concat([file.subarray(0, -2), ...scans, file.subarray(-2)]))).toBe("slow");
  });

  it("refuses a file that is cut into pieces without number", async () => {
    const pieces = (piece: Buffer, count: number) => Buffer.concat(Array(count).fill(piece));
    const png = await plain(64, 64).png().toBuffer();
    const among = (count: number) =>
      Buffer.concat([png.subarray(0, 33), pieces(chunk("tEXt"), count), png.subarray(33)]);
    expect([await faultOf(among(500)), await faultOf(among(20_000))]).toEqual(["taken", "slow"]);
    const webp = await plain(64, 64).webp().toBuffer();
    const file = Buffer.concat([webp, pieces(Buffer.from("EXTR\0\0\0\0"), 20_000)]);
    file.writeUInt32LE(file.length - 8, 4);
    expect(await faultOf(file)).toBe("slow");
  });

  it("survives any bytes behind a right beginning", async () => {
    for (const format of FORMATS) {
      const file = await noise(format);
      for (let at = 0; at < 200; at += 7) {
        const odd = Buffer.from(file);
        odd[8 + at] = 255 - (odd[8 + at] ?? 0);
        expect(typeof (await faultOf(odd))).toBe("string");
      }
    }
  });
});
