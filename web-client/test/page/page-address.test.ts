import { describe, expect, it } from 'vitest';
import { addressForClientIds, clientIdsInAddress, resolveAddresses } from '../../src/page/page-address.ts';

describe('resolveAddresses', () => {
  it.each([
    ['http://localhost:3000/?clientId=1', '', 'http://localhost:8080/', 'ws://localhost:3000/'],
    ['http://192.168.1.7:3000/', '', 'http://192.168.1.7:8080/', 'ws://192.168.1.7:3000/'],
    ['http://[::1]:3000/', '', 'http://[::1]:8080/', 'ws://[::1]:3000/'],
    ['https://line.example/', '', 'https://line.example:8080/', 'wss://line.example/'],
    ['https://line.example/', 'https://api.example/v1', 'https://api.example/v1/', 'wss://line.example/'],
    ['https://line.example/', 'https://api.example/v1/', 'https://api.example/v1/', 'wss://line.example/'],
    [
      'https://a.example/push/?clientId=1#x',
      'https://a.example/push/api',
      'https://a.example/push/api/',
      'wss://a.example/push/',
    ],
    [
      'http://a.example/push?clientId=1',
      'http://a.example/push/api',
      'http://a.example/push/api/',
      'ws://a.example/push/',
    ],
    [
      'http://a.example//evil.example/',
      'http://a.example/api',
      'http://a.example/api/',
      'ws://a.example//evil.example/',
    ],
    ['http://localhost:3000/', 'http://localhost:9000', 'http://localhost:9000/', 'ws://localhost:3000/'],
  ])('[PAGE-4] served at %s with the setting %j', (href, setting, apiUrl, relayUrl) => {
    expect(resolveAddresses(href, setting)).toEqual({ apiUrl, relayUrl });
  });

  it('[PAGE-4] from disk: this machine, at the default ports', () => {
    expect(resolveAddresses('file:///somewhere/index.html', '')).toEqual({
      apiUrl: 'http://localhost:8080/',
      relayUrl: 'ws://localhost:3000/',
    });
  });

  it.each([
    ['http://127.0.0.1:4000', 'ws://127.0.0.1:4000/'],
    ['ws://localhost:4000/x', 'ws://localhost:4000/x'],
    ['https://[::1]:4000', 'wss://[::1]:4000/'],
  ])('[PAGE-4] from disk, the relay can be named: %s', (relay, relayUrl) => {
    const href = `file:///index.html?api=http://localhost:4001&relay=${encodeURIComponent(relay)}`;
    expect(resolveAddresses(href, '')).toEqual({ apiUrl: 'http://localhost:4001/', relayUrl });
  });

  it.each([
    'http://evil.example',
    'http://localhost.evil.example:3000',
    'http://localhost@evil.example',
    'http://127.0.0.1.evil.example',
    '//evil.example',
    'javascript:alert(1)',
    'file:///etc/passwd',
    'nothing',
  ])('[PAGE-4] from disk, only loopback hosts are taken: not %s', (other) => {
    const query = new URLSearchParams({ api: other, relay: other }).toString();
    expect(resolveAddresses(`file:///index.html?${query}`, '')).toEqual({
      apiUrl: 'http://localhost:8080/',
      relayUrl: 'ws://localhost:3000/',
    });
  });

  it('[PAGE-4] a served page takes no address from its query, not even a loopback one', () => {
    const href = 'http://localhost:3000/?api=http://localhost:1&relay=ws://localhost:2';
    expect(resolveAddresses(href, '')).toEqual({
      apiUrl: 'http://localhost:8080/',
      relayUrl: 'ws://localhost:3000/',
    });
  });
});

describe('the client ids in the address', () => {
  it('[PAGE-3] is read unchanged', () => {
    expect(clientIdsInAddress('http://localhost:3000/?clientId=1')).toBe('1');
    expect(clientIdsInAddress('http://localhost:3000/?clientId=')).toBe('');
    expect(clientIdsInAddress('http://localhost:3000/')).toBeUndefined();
    expect(clientIdsInAddress('http://localhost:3000/?clientId=user+tag@x')).toBe('user+tag@x');
    expect(clientIdsInAddress('http://localhost:3000/?clientId=user%2Btag%40x')).toBe('user+tag@x');
    expect(clientIdsInAddress('http://localhost:3000/?clientId=auth0|5f7c')).toBe('auth0|5f7c');
    expect(clientIdsInAddress('http://localhost:3000/?clientId=a%20b')).toBe('a b');
  });

  it('[PAGE-3] can be set and removed, and leaves the rest unchanged', () => {
    const disk = 'file:///index.html?api=http://localhost:1#messages';
    const withId = addressForClientIds(disk, ['a@b']);
    expect(clientIdsInAddress(withId)).toBe('a@b');
    expect(new URL(withId).searchParams.get('api')).toBe('http://localhost:1');
    expect(new URL(withId).hash).toBe('#messages');
    expect(clientIdsInAddress(addressForClientIds(withId, []))).toBeUndefined();
  });

  it('[PAGE-14] can be several, with a comma that people can read', () => {
    const both = addressForClientIds('http://localhost:3000/', ['1', 'a+b']);
    expect(both).toBe('http://localhost:3000/?clientId=1,a%2Bb');
    expect(clientIdsInAddress(both)).toBe('1,a+b');
  });
});
