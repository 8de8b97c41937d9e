import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';
import type { Result } from '../structures/result.ts';

/** Proxies whose `X-Forwarded-For` header is trusted. */
export type TrustedProxies = BlockList;

/** One entry for each proxy on the way; nobody has more of them, so a longer list is forged. */
const FORWARDED_ENTRIES_MAX = 32;

/** A client with one IPv6 address has at least 2^64 of them, so clients are distinguished by network. */
const NETWORK_GROUPS = 4;
const ADDRESS_GROUPS = 8;

/** Reads a comma-separated list of addresses and of networks like 10.0.0.0/8. */
export function parseTrustedProxies(text: string): Result<TrustedProxies> {
  const proxies = new BlockList();
  for (const part of text.split(',').map((entry) => entry.trim())) {
    const [address = '', bits, ...more] = part.split('/');
    const version = isIP(address);
    const bitsMax = version === 6 ? 128 : 32;
    const isNetwork = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= bitsMax);
    if (version === 0 || address.includes('%') || !isNetwork || more.length > 0) {
      return { ok: false, error: 'must be addresses or networks like 10.0.0.0/8, separated by commas' };
    }
    proxies.addSubnet(address, Number(bits ?? bitsMax), version === 6 ? 'ipv6' : 'ipv4');
  }
  return { ok: true, value: proxies };
}

/**
 * The client address of a request: that of the connection. If that is a trusted proxy, the last entry of
 * `X-Forwarded-For` that is not a trusted proxy; anyone could have written the entries before it.
 */
export function clientAddress(request: IncomingMessage, proxies: TrustedProxies | undefined): string {
  let address = plainAddress(request.socket.remoteAddress ?? '');
  if (proxies === undefined) return address;
  const header = request.headers['x-forwarded-for'] ?? '';
  const entries = (Array.isArray(header) ? header.join(',') : header)
    .split(',')
    .slice(-FORWARDED_ENTRIES_MAX);
  while (isTrusted(proxies, address)) {
    const next = forwardedAddress(entries.pop() ?? '');
    if (next === undefined) break;
    address = next;
  }
  return address;
}

/** The key of limits for each address: an IPv4 address, or the /64 network of an IPv6 address. */
export function addressGroup(address: string): string {
  if (isIP(address) !== 6) return address;
  const [start = '', end] = address.split('::');
  const groups = groupsOf(start);
  if (end !== undefined) {
    const missing = Math.max(0, ADDRESS_GROUPS - groups.length - groupsOf(end).length);
    groups.push(...Array.from({ length: missing }, () => '0'), ...groupsOf(end));
  }
  const network = groups.slice(0, NETWORK_GROUPS).map((group) => Number.parseInt(group, 16).toString(16));
  return `${network.join(':')}::/64`;
}

function groupsOf(part: string): string[] {
  return part === '' ? [] : part.split(':');
}

/** Removes the IPv6 form of an IPv4 address, as sockets that accept both report it. */
export function plainAddress(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice('::ffff:'.length) : address;
}

/** Whether this is the address of a trusted proxy. */
export function isTrustedProxy(address: string, proxies: TrustedProxies | undefined): boolean {
  return proxies !== undefined && isTrusted(proxies, address);
}

function isTrusted(proxies: TrustedProxies, address: string): boolean {
  const version = isIP(address);
  return version !== 0 && proxies.check(address, version === 6 ? 'ipv6' : 'ipv4');
}

/** Some proxies add the port. */
function forwardedAddress(entry: string): string | undefined {
  const text = entry.trim();
  const [, inBrackets, withPort] = /^(?:\[([^\]]+)\](?::\d+)?|([\d.]+):\d+)$/.exec(text) ?? [];
  const address = plainAddress(inBrackets ?? withPort ?? text);
  return isIP(address) === 0 || address.includes('%') ? undefined : address;
}
