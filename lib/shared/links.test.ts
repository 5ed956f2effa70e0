import { describe, expect, it } from "vitest";
import { linkPath, linkPurposes, links, readLinkToken, spentSentence } from "./links";

const read = (path: string) => readLinkToken(new URL(path, "http://localhost"));

describe("readLink", () => {
  it.each(linkPurposes)("reads what linkPath wrote for %s", (purpose) => {
    expect(read(linkPath(purpose, "a-_&=? b"))).toBe("a-_&=? b");
  });

  it("reads it without what copying has added", () => {
    expect(read("/reset-password?token=%E2%80%8Babc%E2%80%8E%20%EF%BB%BF")).toBe("abc");
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

describe("spentSentence", () => {
  it("names every way in which a link of that kind ends", () => {
    expect(spentSentence("verify-email")).toBe(
      "The address is confirmed already, a newer link has taken its place, the account has another address by now, or it is more than a day old.",
    );
    expect(spentSentence("change-email")).toBe(
      "It was used already, what the account logs in with has changed since, or it is more than 2 hours old.",
    );
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
