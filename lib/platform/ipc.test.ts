import { describe, expect, it } from "vitest";
import { openLine } from "../testing/line";

describe("Line", () => {
  it("brings each call its own answer, in whatever order they are ready", async () => {
    const waiting: ((text: string) => void)[] = [];
    const { here } = openLine(
      {},
      { later: () => new Promise((resolve) => waiting.push(resolve)), twice: (n: number) => 2 * n },
    );
    const [first, second] = [here.call("later"), here.call("later")];
    expect(await here.call("twice", 21)).toBe(42);
    waiting[1]?.("second");
    waiting[0]?.("first");
    expect(await Promise.all([first, second])).toEqual(["first", "second"]);
  });

  it("asks and is asked both ways", async () => {
    const { here, there } = openLine({ name: () => "here" }, { name: () => "there" });
    expect(await Promise.all([here.call("name"), there.call("name")])).toEqual(["there", "here"]);
  });

  it("fails a call that fails there, and the next one not", async () => {
    const { here } = openLine(
      {},
      {
        fail() {
          throw new RangeError("no such slot");
        },
        work: () => "done",
      },
    );
    await expect(here.call("fail")).rejects.toThrow("no such slot");
    expect(await here.call("work")).toBe("done");
  });

  it("fails the calls under way when the other process ends, and those after it", async () => {
    const { here, cut } = openLine({}, { never: () => new Promise(() => {}) });
    const call = here.call("never");
    cut();
    await expect(call).rejects.toThrow("has ended");
    await expect(here.call("never")).rejects.toThrow("has ended");
    here.tell("never"); // is heard by nobody
  });
});
