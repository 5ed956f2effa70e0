import type { IncomingMessage } from "node:http";
import { beforeAll, describe, expect, it } from "vitest";
import { newToken } from "../platform/crypto/token";
import { hashQueue } from "../security/passwords/hash-queue";
import { BURST_LIMITS } from "../shared/limits";
import { fillHashQueue } from "../testing/fill-hash-queue";
import { signBrowserToken } from "../web/browser-cookie";
import { cookieNames } from "../web/cookies";
import { refuseBurst } from "./burst-limit";

beforeAll(() => {
  process.env.AUTH_SECRET = "0123456789abcdef0123456789abcdef";
});

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

  it("lets nobody but known browsers in while the hash queue is overrun", async () => {
    const empty = fillHashQueue();
    const name = cookieNames.browser();
    const from = (cookie: string) => refuseBurst({ headers: { cookie } } as IncomingMessage, "192.0.2.9");
    try {
      const refused = { status: 503, retryAfterSeconds: hashQueue().secondsToDrain };
      expect(await from("")).toEqual(refused);
      expect(await from(`${name}=${newToken()}.AAAAAAAAAAAAAAAAAAAAAA`)).toEqual(refused);
      expect(await from(`${name}=${signBrowserToken(newToken())}`)).toBeNull();
    } finally {
      empty();
    }
    expect(await from(""), "half of the queue is done").toBeNull();
  });
});
