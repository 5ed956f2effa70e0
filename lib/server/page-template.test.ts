import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { newToken } from "../platform/crypto/token";
import { contentSecurityPolicy, newNonce } from "../web/csp";
import { type PageAnswer, templateOf } from "./page-template";

/** A page as Next answers it, with marks of its own. */
function answer({ nonce = newNonce(), secret = newToken() } = {}): PageAnswer {
  return {
    status: 200,
    headers: {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": contentSecurityPolicy(nonce),
      "cache-control": "no-store",
      vary: "rsc",
      "x-request-id": randomBytes(4).toString("hex"),
      date: new Date(Math.random() * 1e12).toUTCString(),
    },
    body:
      `<html><script nonce="${nonce}" src="/a.js"></script><input name="$page" value="${secret}"/>` +
      `<script nonce="${nonce}">push("\\"marks\\":{\\"secret\\":\\"${secret}\\",\\"reader\\":\\"\\"}")</script></html>`,
  };
}

describe("templateOf", () => {
  it("makes a page as Next makes it, with other marks wherever they stand", () => {
    const template = templateOf(answer(), answer());
    for (const marks of [1, 2].map(() => ({ nonce: newNonce(), secret: newToken() })))
      expect(template?.fill(marks)).toBe(answer(marks).body);
  });

  it("fills in marks as they are, with what would mean something in a replacement", () => {
    const marks = { nonce: "$&$1$`", secret: "$$" };
    expect(templateOf(answer(), answer())?.fill(marks)).toBe(answer(marks).body);
  });

  it("keeps the headers, but for those of one answer", () => {
    expect(templateOf(answer(), answer())?.headers).toEqual({
      "content-type": "text/html; charset=utf-8",
      "cache-control": "no-store",
      vary: "rsc",
    });
  });

  const edited = (from: string | RegExp, to: string) => (page: PageAnswer) => ({
    ...page,
    body: page.body.replaceAll(new RegExp(from, "g"), to),
  });
  const headed = (headers: PageAnswer["headers"]) => (page: PageAnswer) => ({
    ...page,
    headers: { ...page.headers, ...headers },
  });

  it.each<[string, (page: PageAnswer) => PageAnswer]>([
    ["that is not found", (page) => ({ ...page, status: 404 })],
    ["that has failed", (page) => ({ ...page, status: 503 })],
    ["that sets a cookie", headed({ "set-cookie": ["latchkey.flash=; Max-Age=0"] })],
    ["that is no page", headed({ "content-type": "text/x-component" })],
    ["that is compressed", headed({ "content-encoding": "gzip" })],
    ["without a policy", headed({ "content-security-policy": undefined })],
    ["with another policy", headed({ "content-security-policy": `${contentSecurityPolicy(newNonce())}; x` })],
    [
      "whose policy has a nonce that no script has",
      headed({ "content-security-policy": contentSecurityPolicy(newNonce()) }),
    ],
    ["without a secret", edited(String.raw`\\"secret`, "nothing")],
    ["with half a secret", edited(String.raw`(\\"secret\\":\\"[\w-]{20})[\w-]*`, "$1")],
    ["that is cut short", edited("</html>", "")],
  ])("is null for a page %s", (_, spoil) => {
    expect(templateOf(spoil(answer()), spoil(answer()))).toBeNull();
  });

  it.each<[string, (page: PageAnswer) => PageAnswer]>([
    ["says something else", edited("<html>", "<html>Good morning")],
    ["has a mark in another place", (page) => edited("<html>", `<html>${newToken()}`)(page)],
    ["has another header", headed({ vary: "accept-language" })],
    ["has one header more", headed({ link: "</a.css>; rel=preload" })],
  ])("is null where another visitor's page %s", (_, spoil) => {
    expect(templateOf(answer(), spoil(answer()))).toBeNull();
    expect(templateOf(spoil(answer()), answer())).toBeNull();
  });

  it("is null where a page has a value of one answer besides its marks", () => {
    const own = () => edited("<html>", `<html><i>${newToken()}</i>`)(answer());
    expect(templateOf(own(), own())).toBeNull();
  });
});
