import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { flashMessages, isFlashKey } from "./flash-messages";
import { isPrivatePath, loginPathFor, returnPath, routes } from "./routes";

/** Pieces from which ways off a site are made. */
const piece = fc.constantFrom(
  "/",
  "//",
  "\\",
  "..",
  ".",
  ";",
  ":",
  "@",
  "?",
  "#",
  "%",
  "%2f",
  "%5c",
  "%00",
  "%0d%0a",
  "%09",
  "\t",
  "\n",
  "\r",
  "\0",
  "\u2028",
  "\u3002",
  "\uff0f",
  "\ud800",
  "\u202e",
  " ",
  "http:",
  "https:",
  "javascript:",
  "data:",
  "evil.example",
  "[::1]",
  "127.1",
  "user@",
  "account",
  "login",
  "api",
  "_next",
  "é",
  "a".repeat(3000),
);
const path = fc.oneof(
  fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join("")),
  fc.array(piece, { maxLength: 12 }).map((pieces) => `/${pieces.join("")}`),
  fc.string({ unit: "binary" }),
  fc.string({ unit: "binary" }).map((rest) => `/${rest}`),
  fc.webPath(),
  fc
    .tuple(
      fc.constantFrom("/.", "/x/..", "/%2e", "/%2E%2e", "/;/.."),
      fc.constantFrom("//", "/\\", "/"),
      piece,
    )
    .map((parts) => parts.join("")),
);
const BASES = [
  "http://localhost:3000",
  "https://accounts.example.com",
  "http://[::1]:3000",
  "https://a.b/c/d?e#f",
];
const RUNS = { numRuns: 2000 };

describe("returnPath", () => {
  it("stays on the site it is used on, whichever that is", () => {
    fc.assert(
      fc.property(path, (value) => {
        const kept = returnPath(value);
        for (const base of BASES) expect(new URL(kept, base).origin).toBe(new URL(base).origin);
        expect(kept).toMatch(/^\/(?!\/)/);
        expect(kept).not.toMatch(/[\\\p{Cc}]/u);
        expect(kept).toMatch(/^[ -~]+$/); // fit for a header
      }),
      RUNS,
    );
  });

  it("changes nothing in its own answer", () => {
    fc.assert(
      fc.property(path, (value) => {
        expect(returnPath(returnPath(value))).toBe(returnPath(value));
      }),
      RUNS,
    );
  });

  it("leads to no page that would redirect again, and to no route below /api", () => {
    fc.assert(
      fc.property(path, (value) => {
        const { pathname } = new URL(returnPath(value), BASES[0]);
        expect(pathname).not.toMatch(/^\/(login|register|api|_next)(\/|$)/);
      }),
      RUNS,
    );
  });

  it("leads home for anything that is not text", () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        fc.pre(typeof value !== "string");
        expect(returnPath(value)).toBe(routes.home);
      }),
    );
  });

  it("keeps a plain path with its query and fragment as it is", () => {
    const word = fc.string({ unit: fc.constantFrom(..."abz09-_~"), minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 4 }), word, word, (words, query, fragment) => {
        const plain = `/x${words.join("/")}?q=${query}#${fragment}`;
        expect(returnPath(plain)).toBe(plain);
      }),
    );
  });

  it("comes back whole from the login page's address", () => {
    fc.assert(
      fc.property(path, (value) => {
        const kept = returnPath(value);
        const address = new URL(loginPathFor(kept), BASES[0]);
        expect(address.pathname).toBe(routes.login);
        expect(address.searchParams.get("callbackUrl")).toBe(kept);
      }),
      RUNS,
    );
  });
});

describe("isPrivatePath", () => {
  it("is true at and below a private page alone", () => {
    fc.assert(
      fc.property(fc.string(), (rest) => {
        expect(isPrivatePath(`/account/${rest}`)).toBe(true);
        expect(isPrivatePath(`/account${rest}`)).toBe(rest === "" || rest.startsWith("/"));
        expect(isPrivatePath(`/x${rest}`)).toBe(false);
      }),
    );
  });
});

describe("isFlashKey", () => {
  it("knows the keys of the list and no other word", () => {
    const word = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.constantFrom(...Object.getOwnPropertyNames(Object.prototype)),
      fc
        .constantFrom(...Object.keys(flashMessages))
        .chain((key) => fc.constantFrom(key, `${key} `, key.toUpperCase())),
    );
    fc.assert(
      fc.property(word, (value) => {
        expect(isFlashKey(value)).toBe(Object.keys(flashMessages).includes(value));
      }),
    );
  });
});
