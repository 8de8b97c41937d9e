import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';
import type { Result } from '../structures/result.ts';

/** Proxies whose word on where a request came from is believed. */
export type TrustedProxies = BlockList;

/** Proxies that add a header each; a longer list was made up by somebody. */
const FORWARDED_ENTRIES_MAX = 32;

/** Whoever has one IPv6 address has at least 2^64 of them: the network is what can be told apart. */
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
 * The address that a request came from: that of the connection. Where that is a trusted proxy's, the last one in
 * `X-Forwarded-For` that no trusted proxy has; what stands before it could have been written by anyone.
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

/** What limits for each address count by: an IPv4 address, or the /64 network of an IPv6 one. */
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

/** An IPv4 address that came over an IPv6 socket is the same address. */
export function plainAddress(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice('::ffff:'.length) : address;
}

/** Whether this address is one of a trusted proxy. */
export function isTrustedProxy(address: string, proxies: TrustedProxies | undefined): boolean {
  return proxies !== undefined && isTrusted(proxies, address);
}

function isTrusted(proxies: TrustedProxies, address: string): boolean {
  const version = isIP(address);
  return version !== 0 && proxies.check(address, version === 6 ? 'ipv6' : 'ipv4');
}

/** Some proxies write the port too. */
function forwardedAddress(entry: string): string | undefined {
  const text = entry.trim();
  const [, inBrackets, withPort] = /^(?:\[([^\]]+)\](?::\d+)?|([\d.]+):\d+)$/.exec(text) ?? [];
  const address = plainAddress(inBrackets ?? withPort ?? text);
  return isIP(address) === 0 || address.includes('%') ? undefined : address;
}
