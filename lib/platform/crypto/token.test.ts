import { describe, expect, it } from "vitest";
import { hashToken, hasTokenShape, newToken } from "./token";

describe("newToken", () => {
  it("is 256 random bits in base64url, and never the same", () => {
    const tokens = Array.from({ length: 10_000 }, newToken);
    expect(new Set(tokens).size).toBe(tokens.length);
    expect(tokens.every(hasTokenShape)).toBe(true);
    expect(Buffer.from(tokens[0] ?? "", "base64url")).toHaveLength(32);
  });
});

describe("hasTokenShape", () => {
  it.each(["", "x", "A".repeat(42), "A".repeat(44), `${"A".repeat(42)}+`, `${"A".repeat(43)}\n`])(
    "refuses %j",
    (text) => {
      expect(hasTokenShape(text)).toBe(false);
    },
  );
});

describe("hashToken", () => {
  it("is SHA-256 in hex", () => {
    expect(hashToken("abc")).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  });
});
