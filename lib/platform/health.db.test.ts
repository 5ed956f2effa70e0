import { afterEach, describe, expect, it, vi } from "vitest";
import { isReady } from "./health";

afterEach(() => void vi.useRealTimers());

describe("isReady", () => {
  it("is true while the database answers", async () => {
    expect(await isReady()).toBe(true);
    expect(await isReady()).toBe(true);
  });

  it("is false when it fails, and true again afterwards", async () => {
    expect(await isReady(() => Promise.reject(new Error("down")))).toBe(false);
    expect(await isReady()).toBe(true);
  });

  it("is false after two seconds without an answer", async () => {
    vi.useFakeTimers();
    let answer: boolean | undefined;
    const asked = isReady(() => new Promise(() => {})).then((ready) => {
      answer = ready;
    });
    await vi.advanceTimersByTimeAsync(1_999);
    expect(answer).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1);
    await asked;
    expect(answer).toBe(false);
  });

  it("asks the database once for all who ask at the same time", async () => {
    let asked = 0;
    const query = async () => {
      asked += 1;
    };
    expect(await Promise.all(Array.from({ length: 20 }, () => isReady(query)))).not.toContain(false);
    expect(asked).toBe(1);
  });
});
