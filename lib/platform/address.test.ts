import { isIP } from "node:net";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { clientNetwork, countedNetworks, isLoopback, parseAddress } from "./address";

describe("parseAddress", () => {
  it.each([
    ["203.0.113.7", "203.0.113.7"],
    ["::ffff:203.0.113.7", "203.0.113.7"],
    ["::FFFF:cb00:7107", "203.0.113.7"],
    ["2001:DB8:0:0::1", "2001:db8::1"],
    ["fe80::1%eth0", "fe80::1"],
    ["::1", "::1"],
    ["::", "::"],
    ["64:ff9b::203.0.113.7", "203.0.113.7"],
    ["64:FF9B:0:0::cb00:7107", "203.0.113.7"],
    ["::ffff:0:203.0.113.7", "203.0.113.7"],
    ["64:ff9b::1:cb00:7107", "64:ff9b::1:cb00:7107"],
    ["64:ff9b:1::cb00:7107", "64:ff9b:1::cb00:7107"],
    ["2002:cb00:7107::1", "2002:cb00:7107::1"],
    ["2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:0:4136:e378:8000:63bf:3fff:fdd2"],
  ])("reads %s as %s", (text, expected) => {
    expect(parseAddress(text)?.toString()).toBe(expected);
  });

  it.each([
    "",
    " 203.0.113.7",
    "203.0.113.7 ",
    "203.0.113",
    "203.0.113.256",
    "0x7f.0.0.1",
    "127.1",
    "2130706433",
    "010.0.0.1",
    "203.0.113.7%eth0",
    "203.0.113.7:80",
    "[::1]",
    "::1::",
    "1:2:3:4:5:6:7:8:9",
    "unknown",
    "_hidden",
    "example.com",
    "1".repeat(100_000),
  ])("refuses %s", (text) => {
    expect(parseAddress(text)).toBeNull();
  });

  it("never throws, and what it answers reads the same again", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.ipV4(), fc.ipV4Extended(), fc.ipV6()), (text) => {
        const address = parseAddress(text);
        expect(address === null).toBe(isIP(text) === 0);
        if (address) expect(parseAddress(address.toString())?.toString()).toBe(address.toString());
      }),
    );
  });
});

describe("clientNetwork", () => {
  it.each([
    ["203.0.113.7", "203.0.113.7"],
    ["::ffff:203.0.113.7", "203.0.113.7"],
    ["64:ff9b::203.0.113.7", "203.0.113.7"],
    ["64:ff9b::203.0.113.8", "203.0.113.8"],
    ["64:ff9b:1:cb00:71:700::", "64:ff9b:1:cb00:71:700::"],
    ["64:ff9b:1::cb00:7108", "64:ff9b:1::cb00:7108"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::/64"],
    ["2001:db8:1:3::", "2001:db8:1:3::/64"],
    ["fe80::1%eth0", "fe80::/64"],
    ["::1", "::/64"],
    ["garbage", null],
    ["", null],
    [null, null],
  ])("takes %s for %s", (ip, network) => {
    expect(clientNetwork(ip)).toBe(network);
  });

  it("depends on the first half of an IPv6 address and on nothing else of it", () => {
    const half = fc.tuple(...Array.from({ length: 4 }, () => fc.integer({ min: 1, max: 0xffff })));
    const write = (parts: number[]) => parts.map((part) => part.toString(16)).join(":");
    fc.assert(
      fc.property(half, half, half, (first, second, other) => {
        const network = clientNetwork(`${write(first)}:${write(second)}`);
        expect(clientNetwork(`${write(first)}:${write(other)}`)).toBe(network);
        if (write(first) !== write(other))
          expect(clientNetwork(`${write(other)}:${write(second)}`)).not.toBe(network);
      }),
    );
  });
});

describe("isLoopback", () => {
  it.each(["localhost", "LOCALHOST", "mail.localhost", "127.0.0.1", "127.8.9.10", "::1"])(
    "knows this machine by %s",
    (host) => {
      expect(isLoopback(host)).toBe(true);
    },
  );

  it.each([
    "",
    "mail.example.com",
    "localhost.example.com",
    "notlocalhost",
    "10.0.0.1",
    "128.0.0.1",
    "::2",
    "64:ff9b::127.0.0.1",
  ])("takes %j for another", (host) => {
    expect(isLoopback(host)).toBe(false);
  });
});

describe("countedNetworks", () => {
  it("names the /64, the /56 and the /48 of an IPv6 address, and an IPv4 address alone", () => {
    expect(countedNetworks("2001:db8:1:2:3::4")).toEqual([
      { network: "2001:db8:1:2::/64", times: 1 },
      { network: "2001:db8:1::/56", times: 4 },
      { network: "2001:db8:1::/48", times: 16 },
    ]);
    expect(countedNetworks("::ffff:192.0.2.7")).toEqual([{ network: "192.0.2.7", times: 1 }]);
  });

  it("names none of an unknown address", () => {
    for (const unknown of [null, "", "nonsense"]) expect(countedNetworks(unknown)).toEqual([]);
  });
});
