import type { IncomingMessage } from "node:http";
import { describe, expect, it } from "vitest";
import { BURST_LIMITS } from "../shared/limits";
import { refuseBurst } from "./burst-limit";

const send = (ip: string) => refuseBurst({ headers: {} } as IncomingMessage, ip);

/** How many of so many forms pass. */
async function passing(count: number, ipOf: (index: number) => string): Promise<number> {
  let passed = 0;
  for (let index = 0; index < count; index++) if ((await send(ipOf(index))) === null) passed++;
  return passed;
}

describe("refuseBurst", () => {
  const { forms } = BURST_LIMITS;

  it("counts an IPv4 address by itself", async () => {
    expect(await passing(forms + 5, () => "192.0.2.1")).toBe(forms);
    expect(await send("192.0.2.1")).toMatchObject({ status: 429 });
    expect(await send("192.0.2.2")).toBeNull();
  });

  it("counts the /56 and the /48 around an IPv6 address with four and sixteen times the limit", async () => {
    expect(await passing(6 * forms, (index) => `2001:db8:1:${index % 6}::1`)).toBe(4 * forms);
    expect(await send("2001:db8:1:7::1"), "the same /56").toMatchObject({ status: 429 });
    expect(await send("2001:db8:1:100::1"), "the next one").toBeNull();
    expect(await passing(20 * forms, (index) => `2001:db8:2:${((index % 20) + 1).toString(16)}00::1`)).toBe(
      16 * forms,
    );
    expect(await send("2001:db8:3::1"), "another /48").toBeNull();
  });

  it("lets no host use up its neighbours' forms", async () => {
    expect(await passing(20 * forms, () => "2001:db8:4:1::1")).toBe(forms);
    expect(await send("2001:db8:4:2::1")).toBeNull();
    expect(await send("2001:db8:4:200::1")).toBeNull();
  });
});
