import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { asciiAddress, plainForm } from "./email-address";

/** One of each kind of character that shows nothing. */
const INVISIBLE_CHARACTERS = [
  "\u00ad", // soft hyphen
  "\u034f",
  "\u061c",
  "\u115f",
  "\u180e",
  "\u200b", // zero-width space
  "\u200c",
  "\u200d",
  "\u200e", // marks of direction
  "\u200f",
  "\u202a",
  "\u202e",
  "\u2060", // word joiner
  "\u2066",
  "\u2069",
  "\u3164", // a filler
  "\ufe0f", // variation selector
  "\ufeff", // byte-order mark
  "\uffa0",
  "\ufff9",
  "\u{e0020}", // a tag
];

describe("plainForm", () => {
  it.each(INVISIBLE_CHARACTERS)("takes %j out, wherever it is", (character) => {
    const text = ["", "ada", "@example.com", ""].join(character);
    expect(plainForm(text)).toBe("ada@example.com");
    expect(plainForm(` ${character} ada ${character}`)).toBe("ada");
  });

  it.each([
    ["ａｄａ＠ｅｘａｍｐｌｅ．ｃｏｍ", "ada@example.com"],
    ["\u3000ada\u00a0", "ada"],
    ["bu\u0308cher", "b\u00fccher"],
  ])("gives %j as %j", (text, plain) => {
    expect(plainForm(text)).toBe(plain);
  });

  it("leaves a space inside, which may be a mistake", () => {
    expect(plainForm("ada @example.com")).toBe("ada @example.com");
  });

  it("does not compose what is too long for an address: that takes the square of its length", () => {
    const text = "a\u0323\u0307".repeat(300_000);
    expect(plainForm(text)).toBe(text);
  });

  it("changes nothing the second time", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 300 }), (text) => {
        expect(plainForm(plainForm(text))).toBe(plainForm(text));
      }),
      { numRuns: 1000 },
    );
  });
});

describe("asciiAddress", () => {
  it.each([
    ["ada@bücher.example", "ada@xn--bcher-kva.example"],
    ["Ada@BÜCHER.Example", "Ada@xn--bcher-kva.example"],
    ["ada@straße.example", "ada@xn--strae-oqa.example"],
    ["ada@例え。テスト", "ada@xn--r8jz45g.xn--zckzah"],
    ["ada@mail.bücher.xn--p1ai", "ada@mail.xn--bcher-kva.xn--p1ai"],
    ["Ada@XN--BCHER-KVA.example", "Ada@XN--BCHER-KVA.example"],
    ["ada@example。com", "ada@example.com"],
    ["ada@example.com", "ada@example.com"],
    ["ada", "ada"],
  ])("gives %s as %s", (address, ascii) => {
    expect(asciiAddress(address)).toBe(ascii);
  });

  it.each([
    "ada@bücher.example:25",
    "ada@bücher.example/x",
    "ada@bü cher.example",
    "ada@bücher%2eexample",
    "ada@[bücher]",
    "ada@xn--bücher.example",
    "ada@bücher.1",
    "ada@\ud800.example",
  ])("has nothing for %j", (address) => {
    expect(asciiAddress(address)).toBeNull();
  });
});
