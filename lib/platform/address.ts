import { isIP } from "node:net";
import ipaddr from "ipaddr.js";

export type IpAddress = ipaddr.IPv4 | ipaddr.IPv6;

/** How much of an IPv6 address is one customer's, in bits: within a /64 a host picks its address at will (RFC 7421). */
const IPV6_NETWORK_BITS = 64;

/**
 * What one customer may have of IPv6 altogether, in bits: homes get a /56, and hosters and free tunnels give away a /48
 * (RFC 6177). Within each the addresses may have so many times as much as one /64.
 */
const IPV6_WIDER = [
  { bits: 56, times: 4 },
  { bits: 48, times: 16 },
] as const;

/** A network and how many times as much as one client it may have. */
export interface CountedNetwork {
  network: string;
  times: number;
}

/**
 * What a translator between IPv4 and IPv6 writes an IPv4 address into, as its last 32 bits (RFC 6052, RFC 2765). Behind one,
 * all of IPv4 would be one network. The addresses in 6to4 and Teredo are left: a /48 of 6to4 is one customer's anyway, and
 * what Teredo says is the client's own word.
 */
const TRANSLATIONS = [ipaddr.IPv6.parseCIDR("64:ff9b::/96"), ipaddr.IPv6.parseCIDR("::ffff:0:0:0/96")];

/** The same for a translator that chooses where it writes the address (RFC 8215): each of these is a client of its own. */
const LOCAL_TRANSLATION = ipaddr.IPv6.parseCIDR("64:ff9b:1::/48");

/**
 * An address in its one form: IPv4 written as IPv6 (`::ffff:…`, `64:ff9b::…`) is IPv4, a zone (`%eth0`) is dropped. Null for
 * anything else, also for the octal, hexadecimal and short forms of IPv4, which programs read differently.
 */
export function parseAddress(text: string): IpAddress | null {
  const address = parseUntranslated(text);
  if (!(address instanceof ipaddr.IPv6) || !TRANSLATIONS.some((range) => address.match(range)))
    return address;
  return new ipaddr.IPv4(address.toByteArray().slice(-4));
}

/** The same, but an address that a translator has written stays IPv6: what is sent to it goes to the translator. */
function parseUntranslated(text: string): IpAddress | null {
  return isIP(text) === 0 ? null : ipaddr.process(text.replace(/%.*$/, ""));
}

/** True for a host that is this machine: no network carries what is sent to it. */
export function isLoopback(hostname: string): boolean {
  const host = withoutBrackets(hostname);
  return /^(.+\.)?localhost$/i.test(host) || parseUntranslated(host)?.range() === "loopback";
}

/** A host without the brackets that a URL puts around an IPv6 address. */
function withoutBrackets(hostname: string): string {
  return hostname.replace(/^\[(.*)\]$/, "$1");
}

/** What ipaddr.js calls addresses that no public network carries. */
const LOCAL_RANGES = new Set(["loopback", "private", "linkLocal", "carrierGradeNat", "uniqueLocal"]);

/**
 * True for this machine and for addresses that never leave a private network: RFC 1918, RFC 4193, link-local,
 * carrier-grade NAT (RFC 6598), names without a dot, and the names RFC 6762, RFC 8375 and ICANN set aside for home use.
 */
export function isLocalHost(hostname: string): boolean {
  const host = withoutBrackets(hostname);
  const address = parseUntranslated(host);
  if (address) return LOCAL_RANGES.has(address.range());
  return !host.includes(".") || /\.(localhost|local|lan|home\.arpa|internal)$/i.test(host);
}

/**
 * The network that is counted as one client: an IPv4 address, an IPv6 /64. Null when the address is unknown: clients
 * without one share no count, since a single client could then use it up for all the others.
 */
export function clientNetwork(ip: string | null): string | null {
  const address = parseAddress(ip ?? "");
  if (!address) return null;
  return isHost(address) ? address.toString() : ipv6Network(address, IPV6_NETWORK_BITS);
}

/** Every network an address counts for: an IPv4 address alone; of IPv6 the /64, /56 and /48. None where it is unknown. */
export function countedNetworks(ip: string | null): CountedNetwork[] {
  const [network, address] = [clientNetwork(ip), parseAddress(ip ?? "")];
  if (network === null || !address) return [];
  if (isHost(address)) return [{ network, times: 1 }];
  const wider = IPV6_WIDER.map(({ bits, times }) => ({ network: ipv6Network(address, bits), times }));
  return [{ network, times: 1 }, ...wider];
}

/** The widest network an address counts for, which is one customer's at most; null where it is unknown. */
export function widestNetwork(ip: string | null): string | null {
  return countedNetworks(ip).at(-1)?.network ?? null;
}

/** True for an address that is counted by itself: one of IPv4, however it is written. */
function isHost(address: IpAddress): boolean {
  return address instanceof ipaddr.IPv4 || address.match(LOCAL_TRANSLATION);
}

function ipv6Network(address: IpAddress, bits: number): string {
  return `${ipaddr.IPv6.networkAddressFromCIDR(`${address}/${bits}`)}/${bits}`;
}
