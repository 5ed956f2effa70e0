import { createHash } from "node:crypto";
import { afterEach, describe, expect, it, vi } from "vitest";
import { HASH_DIGITS, PREFIX_DIGITS, RANGE_LINES } from "@/lib/shared/common-range";
import { listKey } from "@/lib/shared/password-rules";
import { ANSWER_WITHIN_MS, askWhetherCommon } from "./ask-common";

const PASSWORD = "seven quartz umbrellas";
const hash = createHash("sha256").update(listKey(PASSWORD)).digest("hex").slice(0, HASH_DIGITS);
const ours = `${hash.slice(PREFIX_DIGITS)}\n`;
const other = "ghijklmno\n";
const range = (first: string) => first + other.repeat(RANGE_LINES - 1);

const asked: [path: string, headers: Record<string, string>][] = [];

/** Has the server answer this, or not at all. */
function answerWith(response: Response | null): void {
  vi.stubGlobal("fetch", (path: string, { headers, signal }: Required<RequestInit>) => {
    asked.push([path, headers as Record<string, string>]);
    if (response) return Promise.resolve(response);
    return new Promise((_, reject) => signal?.addEventListener("abort", () => reject(new Error("aborted"))));
  });
}

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
  asked.length = 0;
});

describe("askWhetherCommon", () => {
  it("compares the rest of the hash itself, and tells three digits of it in no address", async () => {
    answerWith(new Response(range(ours)));
    expect(await askWhetherCommon(PASSWORD)).toBe(true);
    answerWith(new Response(range(other)));
    expect(await askWhetherCommon(PASSWORD)).toBe(false);
    for (const [path, headers] of asked) {
      expect(path).toBe("/api/common-passwords");
      expect(Object.keys(headers)).toEqual(["password-range"]);
      expect(headers["password-range"]).toMatch(new RegExp(`^[0-9a-f]{8}/${hash.slice(0, PREFIX_DIGITS)}$`));
    }
  });

  it.each([
    ["a page of a proxy", "<!doctype html><title>Log in to the network</title>"],
    ["nothing", ""],
    ["half an answer", range(other).slice(0, -500)],
    ["one that ends within a line", range(other).slice(0, -1)],
    ["a line too many", range(other) + other],
    ["lines of another shape", range("GHIJKLMNO\n")],
  ])("cannot tell by %s", async (_, text) => {
    answerWith(new Response(text));
    expect(await askWhetherCommon(PASSWORD)).toBeNull();
  });

  it("cannot tell by a failure", async () => {
    answerWith(new Response(range(other), { status: 404 }));
    expect(await askWhetherCommon(PASSWORD)).toBeNull();
  });

  it("waits four seconds for an answer, and no longer", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    answerWith(null);
    let told: boolean | null | undefined;
    const asking = askWhetherCommon(PASSWORD).then((answer) => {
      told = answer;
    });
    while (asked.length === 0) await new Promise(setImmediate); // vitest's own waiting would move the clock
    await vi.advanceTimersByTimeAsync(ANSWER_WITHIN_MS - 1);
    expect(told).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1);
    await asking;
    expect(told).toBeNull();
  });

  it("cannot tell where browsers do not hash", async () => {
    answerWith(new Response(range(other)));
    vi.stubGlobal("crypto", {});
    expect(await askWhetherCommon(PASSWORD)).toBeNull();
    expect(asked).toEqual([]);
  });
});
