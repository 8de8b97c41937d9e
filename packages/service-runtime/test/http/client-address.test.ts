import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { addressGroup, clientAddress, parseTrustedProxies, type TrustedProxies } from '../../src/index.ts';

function requestFrom(remoteAddress: string, forwardedFor?: string): IncomingMessage {
  const socket = Object.defineProperty(new Socket(), 'remoteAddress', { value: remoteAddress });
  const request = new IncomingMessage(socket);
  if (forwardedFor !== undefined) request.headers['x-forwarded-for'] = forwardedFor;
  return request;
}

function proxies(text: string): TrustedProxies {
  const parsed = parseTrustedProxies(text);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

describe("a client's address", () => {
  it("[SEC-9] is the connection's, whatever X-Forwarded-For says, where no proxy is trusted", () => {
    expect(clientAddress(requestFrom('203.0.113.7', '10.9.9.9'), undefined)).toBe('203.0.113.7');
    expect(clientAddress(requestFrom('::ffff:203.0.113.7'), undefined)).toBe('203.0.113.7');
    expect(clientAddress(requestFrom('203.0.113.7', '10.9.9.9'), proxies('10.0.0.0/8'))).toBe('203.0.113.7');
  });

  it('[SEC-9] is the last one that no trusted proxy has', () => {
    const trusted = proxies('127.0.0.1, 10.0.0.0/8,fd00::/8');
    const address = (forwardedFor: string, from = '10.0.0.1') =>
      clientAddress(requestFrom(from, forwardedFor), trusted);
    expect(address('203.0.113.7')).toBe('203.0.113.7');
    expect(address('1.2.3.4, 203.0.113.7, 10.1.2.3', '::ffff:127.0.0.1')).toBe('203.0.113.7');
    expect(address('1.2.3.4, 203.0.113.7:4711')).toBe('203.0.113.7');
    expect(address('[2001:db8::1]:4711', 'fd12::1')).toBe('2001:db8::1');
    expect(address('::ffff:203.0.113.7')).toBe('203.0.113.7');
  });

  it('[SEC-9] stops at what is no address: that proxy is as far as can be seen', () => {
    const trusted = proxies('10.0.0.0/8');
    for (const made of ['', 'unknown', '1.2.3.4, evil', '999.1.1.1', 'fe80::1%eth0', '<script>', ',,,']) {
      expect(clientAddress(requestFrom('10.0.0.1', made), trusted)).toBe('10.0.0.1');
    }
    expect(clientAddress(requestFrom('10.0.0.1'), trusted)).toBe('10.0.0.1');
    const long = Array.from({ length: 5_000 }, () => '10.0.0.2').join(',');
    expect(clientAddress(requestFrom('10.0.0.1', long), trusted)).toBe('10.0.0.2');
  });

  it('[SEC-9] counts with its network where it is an IPv6 one', () => {
    expect(addressGroup('203.0.113.7')).toBe('203.0.113.7');
    expect(addressGroup('2001:db8:1:2:3:4:5:6')).toBe('2001:db8:1:2::/64');
    expect(addressGroup('2001:0db8:0001:2::')).toBe('2001:db8:1:2::/64');
    expect(addressGroup('2001:db8::6')).toBe('2001:db8:0:0::/64');
    expect(addressGroup('::1')).toBe('0:0:0:0::/64');
    expect(addressGroup('fe80::1%eth0')).toBe('fe80:0:0:0::/64');
    expect(addressGroup('')).toBe('');
  });

  it.each([
    'proxy',
    '10.0.0.0/33',
    '10.0.0.0/8/8',
    '10.0.0.0/',
    '::1/129',
    '10.0.0.1 10.0.0.2',
    '',
    'fe80::1%eth0',
  ])('[OPS-1] %j is no list of proxies', (text) => {
    expect(parseTrustedProxies(text)).toMatchObject({ ok: false });
  });
});
