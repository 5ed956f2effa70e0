import { describe, expect, it } from "vitest";
import { linkPath, linkPurposes, links, readLinkToken } from "./links";

const read = (path: string) => readLinkToken(new URL(path, "http://localhost"));

describe("readLink", () => {
  it.each(linkPurposes)("reads what linkPath wrote for %s", (purpose) => {
    expect(read(linkPath(purpose, "a-_&=? b"))).toBe("a-_&=? b");
  });

  it.each(["?t", "?tok", "?token", "?token="])("reads an empty one from a link cut after %s", (rest) => {
    expect(read(`/reset-password${rest}`)).toBe("");
  });

  it.each([
    "/reset-password",
    "/reset-password?link=x",
    "/login?token=x",
    "/reset-password/x?token=x",
    "/?token=x",
  ])("finds none in %s", (path) => {
    expect(read(path)).toBeNull();
  });
});

describe("links", () => {
  it("lead to a page each", () => {
    expect(new Set(Object.values(links).map(({ path }) => path)).size).toBe(linkPurposes.length);
  });

  it("end nothing but links that exist", () => {
    for (const { ends } of Object.values(links))
      for (const purpose of ends) expect(linkPurposes).toContain(purpose);
  });
});
