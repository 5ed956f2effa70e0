import { type IpAddress, parseAddress } from "./address";
import { ConfigurationError } from "./configuration-error";

/** The proxies whose `X-Forwarded-*` headers are believed. */
export interface TrustedProxies {
  /** So many proxies stand between the visitors and us, whatever their addresses; 0: the ranges decide. */
  hops: number;
  /** Networks whose hosts are proxies of ours, each with the length of its prefix in bits. */
  ranges: [network: IpAddress, bits: number][];
}

/** Most proxies that can be counted. Two or three are usual; a far larger number is a mistake. */
const HOPS_MAX = 10;

/**
 * Reads TRUSTED_PROXIES: a number of proxies ("1"), or addresses and CIDR ranges with commas between them
 * ("10.0.0.0/8, 2001:db8::1"). Blank or "0" means that no one is believed.
 * @throws ConfigurationError with one sentence that says what is wrong
 */
export function parseTrustedProxies(setting: string): TrustedProxies {
  const text = setting.trim();
  if (/^\d+$/.test(text)) {
    const hops = Number(text);
    if (hops > HOPS_MAX)
      throw new ConfigurationError(`TRUSTED_PROXIES counts ${text} proxies, and at most ${HOPS_MAX} are.`);
    return { hops, ranges: [] };
  }
  return { hops: 0, ranges: text === "" ? [] : text.split(",").map((part) => parseRange(part.trim())) };
}

function parseRange(text: string): [IpAddress, number] {
  const [, host = "", prefix] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const network = parseAddress(host);
  const most = network?.kind() === "ipv4" ? 32 : 128;
  const bits = prefix === undefined ? most : Number(prefix);
  if (!network || bits > most)
    throw new ConfigurationError(
      `TRUSTED_PROXIES must be a number of proxies, like 1, or addresses and ranges, like 10.0.0.0/8: "${text}" is neither.`,
    );
  if (bits === 0)
    throw new ConfigurationError(
      `TRUSTED_PROXIES must not be everyone: "${text}" lets any visitor write any address.`,
    );
  return [network, bits];
}

/**
 * The visitor's address. Begins at the connection and reads `X-Forwarded-For` from right to left, because each proxy adds
 * its client at the right, for as long as the writer of the next entry is trusted. A visitor may have made up the entries
 * further left. Null when the connection has no address any more.
 *
 * @param forwardedFor the header's value; several such headers joined with ", ", as Node does
 */
export function clientAddress(
  remoteAddress: string | undefined,
  forwardedFor: string | undefined,
  proxies: TrustedProxies,
): string | null {
  let client = parseAddress(remoteAddress ?? "");
  if (!client) return null;
  const entries = forwardedFor?.split(",") ?? [];
  for (let hop = 1; hop <= proxies.hops || isInRange(client, proxies); hop++) {
    const next = parseEntry(entries.pop() ?? "");
    if (!next) break; // missing or malformed: keep the last address that a trusted proxy wrote
    client = next;
  }
  return client.toString();
}

/**
 * The visitor's address where the connection itself cannot be seen, as under another server than ours. Every client is
 * taken for a proxy then, so nothing but the proxies may reach the port. Null when no proxy is trusted or the header has no
 * address: it may be made up then, and Next fills it in where it is missing.
 */
export function forwardedClient(forwardedFor: string | null, proxies: TrustedProxies): string | null {
  if (proxies.hops === 0 && proxies.ranges.length === 0) return null;
  const entries = forwardedFor?.split(",") ?? [];
  const nearest = parseEntry(entries.pop() ?? "");
  if (!nearest) return null;
  return clientAddress(nearest.toString(), entries.join(","), {
    ...proxies,
    hops: Math.max(0, proxies.hops - 1),
  });
}

/**
 * True when a proxy of ours should have written `X-Forwarded-For` and has not: fewer entries
 * stand there than there are proxies.
 */
export function isForwardingMissing(
  remoteAddress: string | undefined,
  forwardedFor: string | undefined,
  proxies: TrustedProxies,
): boolean {
  const entries = (forwardedFor?.split(",") ?? []).filter((entry) => parseEntry(entry) !== null).length;
  if (proxies.hops > 0) return entries < proxies.hops;
  const client = parseAddress(remoteAddress ?? "");
  return client !== null && isInRange(client, proxies) && entries === 0;
}

/** Some proxies add the port: `203.0.113.7:1234`, `[2001:db8::1]:1234`. */
function parseEntry(text: string): IpAddress | null {
  const entry = text.trim();
  return parseAddress(/^\[(.*)\](?::\d+)?$/.exec(entry)?.[1] ?? /^([\d.]+):\d+$/.exec(entry)?.[1] ?? entry);
}

function isInRange(address: IpAddress, { ranges }: TrustedProxies): boolean {
  return ranges.some(([network, bits]) => address.kind() === network.kind() && address.match(network, bits));
}
