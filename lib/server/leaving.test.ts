import { describe, expect, it } from "vitest";
import { PICTURE_ARRIVAL_S } from "../shared/limits";
import { SECOND_MS } from "../shared/units";
import { LEAVE_MS, LEFT_WITHIN_MS } from "./leaving";
import { KEEP_ALIVE_MS } from "./serve";
import { ENDED_WITHIN_MS } from "./workers";

describe("a process that was replaced", () => {
  it("stays for as long as a picture may be on its way, and an idle connection may stay open", () => {
    for (const ms of [PICTURE_ARRIVAL_S * SECOND_MS, KEEP_ALIVE_MS]) expect(LEAVE_MS).toBeGreaterThan(ms);
  });

  it("is not killed while it leaves", () => {
    expect(ENDED_WITHIN_MS).toBeGreaterThan(LEFT_WITHIN_MS);
  });
});
