import { describe, expect, it } from "vitest";
import { PICTURES_AT_ONCE } from "../shared/limits";
import { readPictureForm } from "./picture-form";

const ROUTE = "http://localhost/account/picture";

function bodyWith(boundary: string, more = ""): string {
  const head = 'Content-Disposition: form-data; name="picture"; filename="me.png"\r\nContent-Type: image/png';
  return `--${boundary}\r\n${head}\r\n\r\nthe picture\r\n${more}--${boundary}--\r\n`;
}

function read(type: string, body: BodyInit) {
  return readPictureForm(
    new Request(ROUTE, { method: "POST", headers: { "content-type": type }, body }),
    "a network",
  );
}

/** A body that arrives when it is told to. */
function slowRequest(boundary: string) {
  let arrive = () => {};
  const body = new ReadableStream({
    start(controller) {
      arrive = () => {
        controller.enqueue(new TextEncoder().encode(bodyWith(boundary)));
        controller.close();
      };
    },
  });
  const headers = { "content-type": `multipart/form-data; boundary=${boundary}` };
  const request = new Request(ROUTE, { method: "POST", headers, body, duplex: "half" } as RequestInit);
  return { request, arrive: () => arrive() };
}

describe("readPictureForm", () => {
  it.each([
    ["Chromium and Safari", "----WebKitFormBoundary7MA4YWxkTrZu0gW"],
    ["Firefox", "----geckoformboundary5a1f0d3c7e9b2a4681f0e3d2c4b5a697"],
    ["Firefox before 2024", "---------------------------9051914041544843365972754266"],
    ["curl", "------------------------d74496d66958873e12345678"],
    ["Node", "----formdata-undici-012345678901"],
    ["Python", "0123456789abcdef0123456789abcdef"],
  ])("reads what %s sends", async (_, boundary) => {
    for (const type of ["multipart/form-data; boundary=", "multipart/form-data;boundary="]) {
      const form = await read(`${type}${boundary}`, bodyWith(boundary));
      expect(form).toMatchObject({ ok: true, file: Buffer.from("the picture") });
    }
  });

  const PLAIN = "a".repeat(30);
  it.each([
    ["a backslash in its boundary", `multipart/form-data; boundary="\\${PLAIN}"`],
    ["its boundary in quotes", `multipart/form-data; boundary="${PLAIN}"`],
    ["two boundaries", `multipart/form-data; boundary=another; boundary=${PLAIN}`],
    ["something before its boundary", `multipart/form-data; x="boundary=b"; boundary=${PLAIN}`],
    ["something behind its boundary", `multipart/form-data; boundary=${PLAIN}; charset=utf-8`],
    ["no boundary", "multipart/form-data"],
    ["another type", "application/x-www-form-urlencoded"],
  ])("reads none with %s, however many parts there are", async (_, type) => {
    const parts = `--${PLAIN}\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n`.repeat(60_000);
    const refused = { ok: false, reason: "form-unreadable" };
    expect(await read(type, parts + bodyWith(PLAIN))).toEqual(refused);
    expect(await read(type, bodyWith(PLAIN))).toEqual(refused);
  });

  it("finds no picture in a whole form without one", async () => {
    const type = `multipart/form-data; boundary=${PLAIN}`;
    const name = (text: string) => text.replace('name="picture"', 'name="another"');
    const empty = (text: string) => text.replace("the picture", "");
    for (const without of [name, empty])
      expect(await read(type, without(bodyWith(PLAIN)))).toEqual({ ok: false, reason: "missing" });
  });

  it("reads none of more parts than ours", async () => {
    const part = `--${PLAIN}\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n`;
    const type = `multipart/form-data; boundary=${PLAIN}`;
    expect(await read(type, part.repeat(2) + bodyWith(PLAIN))).toMatchObject({ ok: true });
    expect(await read(type, part.repeat(20) + bodyWith(PLAIN))).toMatchObject({ reason: "form-unreadable" });
  });

  it("cuts off the slowest of a network that sends too many at once, and nobody else", async () => {
    const neighbour = slowRequest(PLAIN);
    const others = Array.from({ length: PICTURES_AT_ONCE.onTheirWay }, () => slowRequest(PLAIN));
    const ofNeighbour = readPictureForm(neighbour.request, "a neighbour");
    const forms = others.map(({ request }) => readPictureForm(request, "a flood"));
    expect(await forms[0]).toEqual({ ok: false, reason: "too-long-on-its-way" });
    for (const { arrive } of [neighbour, ...others.slice(1)]) arrive();
    expect((await Promise.all([ofNeighbour, ...forms])).filter(({ ok }) => ok)).toHaveLength(others.length);
  });
});
