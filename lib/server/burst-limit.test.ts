import type { IncomingMessage } from "node:http";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { newToken } from "../platform/crypto/token";
import { hashQueue } from "../security/passwords/hash-queue";
import { BURST_LIMITS } from "../shared/limits";
import { fillHashQueue } from "../testing/fill-hash-queue";
import { signBrowserToken } from "../web/browser-cookie";
import { cookieNames } from "../web/cookies";
import { refuseBurst } from "./burst-limit";

afterAll(() => void vi.useRealTimers());

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
  const { forms, formsOfKnownBrowsers, formsOfAll, windowSeconds } = BURST_LIMITS;

  it("counts an IPv4 address by itself", async () => {
    expect(await passing(forms + 5, () => "192.0.2.1")).toBe(forms);
    expect(await send("192.0.2.1")).toMatchObject({ status: 429 });
    expect(await send("192.0.2.2")).toBeNull();
  });

  it("counts the /56 and the /48 around an IPv6 address with twice and four times the limit", async () => {
    expect(await passing(6 * forms, (index) => `2001:db8:1:${index % 6}::1`)).toBe(2 * forms);
    expect(await send("2001:db8:1:7::1"), "the same /56").toMatchObject({ status: 429 });
    expect(await send("2001:db8:1:100::1"), "the next one").toBeNull();
    expect(await passing(20 * forms, (index) => `2001:db8:2:${((index % 20) + 1).toString(16)}00::1`)).toBe(
      4 * forms,
    );
    expect(await send("2001:db8:3::1"), "another /48").toBeNull();
  });

  it("lets no host use up its neighbours' forms", async () => {
    expect(await passing(20 * forms, () => "2001:db8:4:1::1")).toBe(forms);
    expect(await send("2001:db8:4:2::1")).toBeNull();
    expect(await send("2001:db8:4:200::1")).toBeNull();
  });

  it("gives the known browsers of a /48 no more than that again", async () => {
    const cookies = Array.from(
      { length: 100 },
      () => `${cookieNames.browser()}=${signBrowserToken(newToken())}`,
    );
    let passed = 0;
    for (let index = 0; index < 1000; index++) {
      const headers = { cookie: cookies[index % 100] };
      const ip = `2001:db8:6:${(index % 32) + 1}00::1`;
      if ((await refuseBurst({ headers } as IncomingMessage, ip)) === null) passed++;
    }
    expect(passed).toBe(4 * (forms + formsOfKnownBrowsers));
  });

  it("lets nobody but known browsers send a password while the hash queue is overrun, and everybody send the rest", async () => {
    const empty = fillHashQueue();
    const name = cookieNames.browser();
    const from = (cookie: string, url = "/login?x") =>
      refuseBurst({ url, headers: { cookie } } as IncomingMessage, "192.0.2.9");
    try {
      const refused = { status: 503, retryAfterSeconds: hashQueue().secondsToDrain };
      for (const url of ["/login", "/register", "/correct-email", "/api/auth/callback/credentials"])
        expect(await from("", url), url).toEqual(refused);
      expect(await from(`${name}=${newToken()}.AAAAAAAAAAAAAAAAAAAAAA`)).toEqual(refused);
      expect(await from(`${name}=${signBrowserToken(newToken())}`)).toBeNull();
      for (const url of [
        "/reset-password?link=x",
        "/lock-account",
        "/restore-email",
        "/verify-email",
        "/account",
      ])
        expect(await from("", url), `${url}: an owner's way out`).toBeNull();
    } finally {
      empty();
    }
    expect(await from(""), "half of the queue is done").toBeNull();
  });

  it("refuses what all networks together send above what a process can answer, but no known browser", async () => {
    vi.useFakeTimers();
    vi.advanceTimersByTime(1000 * windowSeconds); // what the other tests sent counts no more
    const hostOf = (index: number) => `198.18.${Math.floor(index / 250)}.${index % 250}`;
    expect(await passing(formsOfAll + 100, hostOf)).toBe(formsOfAll);
    expect(await send("198.19.0.1")).toMatchObject({ status: 503 });
    const headers = { cookie: `${cookieNames.browser()}=${signBrowserToken(newToken())}` };
    expect(await refuseBurst({ headers } as IncomingMessage, "198.19.0.1")).toBeNull();
  });
});
