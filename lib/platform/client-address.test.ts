import { describe, expect, it } from "vitest";
import { clientAddress, isForwardingMissing, parseTrustedProxies } from "./client-address";

const PROXY = "10.0.0.1";
const OUTER_PROXY = "198.51.100.9";
const CLIENT = "203.0.113.7";
const FORGED = "192.0.2.66";

describe("isForwardingMissing", () => {
  it.each([
    ["1", PROXY, undefined, true],
    ["1", PROXY, "", true],
    ["1", PROXY, "unknown", true],
    ["1", PROXY, CLIENT, false],
    ["2", PROXY, CLIENT, true],
    ["2", PROXY, `${CLIENT}, ${OUTER_PROXY}`, false],
    ["10.0.0.0/8", PROXY, undefined, true],
    ["10.0.0.0/8", PROXY, CLIENT, false],
    ["10.0.0.0/8", CLIENT, undefined, false],
    ["0", PROXY, undefined, false],
    ["", PROXY, undefined, false],
  ])("with TRUSTED_PROXIES=%s, from %s with %s: %s", (setting, remote, forwardedFor, isMissing) => {
    expect(isForwardingMissing(remote, forwardedFor, parseTrustedProxies(setting))).toBe(isMissing);
  });
});

describe("parseTrustedProxies", () => {
  it.each([
    ["", 0, []],
    ["  ", 0, []],
    ["0", 0, []],
    ["1", 1, []],
    [" 2 ", 2, []],
    ["10", 10, []],
    ["10.0.0.1", 0, ["10.0.0.1/32"]],
    ["10.0.0.0/8,192.168.1.1", 0, ["10.0.0.0/8", "192.168.1.1/32"]],
    [" 2001:db8::/32 , ::1 ", 0, ["2001:db8::/32", "::1/128"]],
    ["::ffff:10.0.0.1", 0, ["10.0.0.1/32"]],
  ])("reads %j", (setting, hops, ranges) => {
    const proxies = parseTrustedProxies(setting);
    expect(proxies.hops).toBe(hops);
    expect(proxies.ranges.map(([network, bits]) => `${network}/${bits}`)).toEqual(ranges);
  });

  it.each([
    "true",
    "-1",
    "1.5",
    "11",
    "99999999999999999999",
    "loopback",
    "proxy.example.com",
    "10.0.0.0/33",
    "10.0.0.0/",
    "10.0.0.0/a",
    "10.0.0.0/8/8",
    "10.0.0/8",
    "2001:db8::/129",
    "::ffff:10.0.0.0/104",
    "10.0.0.1,",
    ",10.0.0.1",
    "10.0.0.1;10.0.0.2",
    "10.0.0.1 10.0.0.2",
    "1,10.0.0.1",
    "0.0.0.0/0",
    "::/0",
  ])("refuses %j with one sentence", (setting) => {
    expect(() => parseTrustedProxies(setting)).toThrow(/^TRUSTED_PROXIES [^\n]+\.$/);
  });
});

describe("clientAddress", () => {
  it.each<[string, string | undefined, string | undefined, string | null]>([
    // the setting, the connection, the header, the visitor
    ["", CLIENT, undefined, CLIENT],
    ["", CLIENT, FORGED, CLIENT],
    ["", `::ffff:${CLIENT}`, FORGED, CLIENT],
    ["0", PROXY, FORGED, PROXY],
    ["", "2001:DB8:0::1", undefined, "2001:db8::1"],
    ["", undefined, FORGED, null],
    ["1", undefined, FORGED, null],
    ["", "garbage", FORGED, null],

    // one proxy, counted
    ["1", PROXY, CLIENT, CLIENT],
    ["1", PROXY, `${FORGED}, ${CLIENT}`, CLIENT],
    ["1", PROXY, `${FORGED},${FORGED},${CLIENT}`, CLIENT],
    ["1", PROXY, ` ${CLIENT} `, CLIENT],
    ["1", PROXY, `::ffff:${CLIENT}`, CLIENT],
    ["1", PROXY, "2001:db8::7", "2001:db8::7"],
    ["1", PROXY, `${CLIENT}:51234`, CLIENT],
    ["1", PROXY, "[2001:db8::7]:51234", "2001:db8::7"],
    ["1", PROXY, "[2001:db8::7]", "2001:db8::7"],
    ["1", PROXY, undefined, PROXY],
    ["1", PROXY, "", PROXY],
    ["1", PROXY, `${CLIENT}, `, PROXY],
    ["1", PROXY, `${FORGED}, unknown`, PROXY],
    ["1", PROXY, `${FORGED}, _hidden`, PROXY],
    ["1", PROXY, `${FORGED} ${CLIENT}`, PROXY],
    ["1", PROXY, `for=${CLIENT}`, PROXY],
    ["1", PROXY, "0x7f.1", PROXY],

    // two proxies, counted
    ["2", PROXY, `${FORGED}, ${CLIENT}, ${OUTER_PROXY}`, CLIENT],
    ["2", PROXY, `${CLIENT}, ${OUTER_PROXY}`, CLIENT],
    ["2", PROXY, OUTER_PROXY, OUTER_PROXY],
    ["2", PROXY, `garbage, ${OUTER_PROXY}`, OUTER_PROXY],
    ["2", PROXY, `${CLIENT}, garbage`, PROXY],

    // proxies by their addresses
    ["10.0.0.0/8", PROXY, CLIENT, CLIENT],
    ["10.0.0.0/8", PROXY, `${FORGED}, ${CLIENT}`, CLIENT],
    ["10.0.0.0/8", `::ffff:${PROXY}`, `${FORGED}, ${CLIENT}`, CLIENT],
    ["10.0.0.0/8", PROXY, `${FORGED}, ${CLIENT}, 10.9.9.9, 10.8.8.8`, CLIENT],
    ["10.0.0.0/8", PROXY, `${FORGED}, 10.9.9.9, ${CLIENT}`, CLIENT],
    [`10.0.0.0/8, ${OUTER_PROXY}`, PROXY, `${FORGED}, ${CLIENT}, ${OUTER_PROXY}`, CLIENT],
    ["10.0.0.0/8", PROXY, `${FORGED}, ${CLIENT}, ${OUTER_PROXY}`, OUTER_PROXY],
    ["10.0.0.0/8", CLIENT, FORGED, CLIENT],
    ["10.0.0.0/8", undefined, FORGED, null],
    ["10.0.0.0/8", "garbage", FORGED, null],
    ["10.0.0.0/8", CLIENT, PROXY, CLIENT],
    ["10.0.0.0/8", "11.0.0.1", FORGED, "11.0.0.1"],
    ["10.0.0.0/8", PROXY, undefined, PROXY],
    ["10.0.0.0/8", PROXY, "10.1.1.1, 10.2.2.2", "10.1.1.1"],
    ["10.0.0.0/8", PROXY, `${FORGED}, garbage, 10.2.2.2`, "10.2.2.2"],
    ["10.0.0.0/8", "2001:db8::1", FORGED, "2001:db8::1"],
    ["2001:db8::/32", "2001:db8::1", `${FORGED}, 2001:db9::7`, "2001:db9::7"],
    ["2001:db8::/32", PROXY, FORGED, PROXY],
    ["0.0.0.0/1", "2001:db8::1", FORGED, "2001:db8::1"],
  ])("trusting %j, from %s with %j: %s", (setting, remoteAddress, forwardedFor, expected) => {
    expect(clientAddress(remoteAddress, forwardedFor, parseTrustedProxies(setting))).toBe(expected);
  });

  it("reads several headers joined as one, and a very long one", () => {
    const joined = [FORGED, `${FORGED}, ${CLIENT}`].join(", ");
    expect(clientAddress(PROXY, joined, parseTrustedProxies("1"))).toBe(CLIENT);
    const long = `${`${FORGED},`.repeat(10_000)}${CLIENT}`;
    expect(clientAddress(PROXY, long, parseTrustedProxies("10.0.0.0/8"))).toBe(CLIENT);
  });
});
