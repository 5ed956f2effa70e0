import { describe, expect, it } from "vitest";
import { csvLine } from "./csv";

describe("csvLine", () => {
  it("quotes every cell, doubles quotes, and ends as RFC 4180 asks", () => {
    expect(csvLine(["a", 'say "b", c', "d\ne", "", "ö"])).toBe('"a","say ""b"", c","d\ne","","ö"\r\n');
  });

  it.each([
    ["=1+1", "'=1+1"],
    ["+1", "'+1"],
    ["-1", "'-1"],
    ["@SUM(A1)", "'@SUM(A1)"],
    ["\t=1", "'\t'=1"],
    ["\rx", "'\rx"],
    ["\nx", "'\nx"],
    ["\0x", "'\0x"],
    ["  =1", "  '=1"],
    ["＝1", "'＝1"],
    ["a;=1", "a;'=1"],
    ["a,@b", "a,'@b"],
    ["a\n-b", "a\n'-b"],
  ])("makes text of %j, which a spreadsheet would run", (cell, text) => {
    expect(csvLine([cell])).toBe(`"${text}"\r\n`);
  });

  it("makes text of what would be a cell of its own where quotes are read otherwise", () => {
    expect(csvLine(['a"=1'])).toBe(`"a""'=1"\r\n`);
  });

  it.each([
    "2026-11-22T14:05:09.000Z",
    "Mozilla/5.0 (X11; Linux x86_64) Version/18.0",
    "2001:db8::1",
    "a - b = c",
  ])("leaves %j as it is", (cell) => {
    expect(csvLine([cell])).toBe(`"${cell}"\r\n`);
  });
});
