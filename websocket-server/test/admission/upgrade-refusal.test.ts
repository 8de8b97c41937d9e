import { connect } from 'node:net';
import { parseOriginRules } from '@postline/service-runtime';
import { openRawWebSocket, RelayClient, waitUntil } from '@postline/test-support';
import { afterEach, describe, expect, it } from 'vitest';
import type { RelaySettings } from '../../src/configuration.ts';
import { refusalAnswer } from '../../src/admission/upgrade-refusal.ts';
import { startTestRelay, type TestRelay } from '../support/start-test-relay.ts';

describe('refusalAnswer', () => {
  it('[LIM-1] is a complete answer, with Retry-After if it may change later', () => {
    expect(refusalAnswer('too-many-connections')).toBe(
      'HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Type: text/plain\r\nRetry-After: 5\r\n' +
        'Content-Length: 21\r\n\r\ntoo-many-connections\n',
    );
    expect(refusalAnswer('too-many-from-this-address')).toMatch(/^HTTP\/1\.1 429 .*\r\nRetry-After: 5\r\n/s);
  });

  it('[PUB-13] a foreign host gets no Retry-After', () => {
    expect(refusalAnswer('host-not-allowed')).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n/);
    expect(refusalAnswer('host-not-allowed')).not.toContain('Retry-After');
  });
});

describe('pages of other origins', () => {
  let relay: TestRelay;

  async function start(settings: Partial<RelaySettings> = {}): Promise<void> {
    relay = await startTestRelay(settings);
  }

  afterEach(() => relay.close());

  const FOREIGN_HEADER = 'Origin: https://evil.example\r\n';

  function originRules(text: string) {
    const rules = parseOriginRules(text);
    if (!rules.ok) throw new Error(rules.error);
    return rules.value;
  }

  const APP_ORIGINS = ['capacitor://localhost', 'app://Desktop.example', 'moz-extension://0-1', 'file://'];

  it.each(['http://localhost:5173', 'null', 'https://shop.example', ...APP_ORIGINS])(
    '[PUB-13] a page of an allowed origin is taken: %s',
    async (origin) => {
      await start({
        originRules: originRules(`http://localhost:*,null,https://shop.example,${APP_ORIGINS.join()}`),
      });
      const client = await RelayClient.connect(relay.url, { Origin: origin });
      client.send({ type: 'identify', clientId: 1 });
      await client.frame('identified');
    },
  );

  it.each([
    'https://evil.example',
    'http://localhost.evil.example',
    'capacitor://localhost',
    'file://',
    'null',
  ])('[PUB-13] a page of another one learns on its socket that it may not connect: %s', async (origin) => {
    await start({ originRules: originRules('http://localhost:*') });
    const client = await RelayClient.connect(relay.url, { Origin: origin });
    client.send({ type: 'identify', clientId: 1 });
    await client.closed();
    expect(client.frames).toMatchObject([{ type: 'error', code: 'origin_not_allowed' }]);
    expect(client.closeCode).toBe(4503);
    expect(await relay.metric('postline_upgrades_refused_total')).toBe(1);
    expect(await relay.metric('postline_feeds')).toBe(0);
  });

  it('[PUB-13] such sockets count in the limits, and end without the peer', async () => {
    await start({ connectionsAwaitingIdentifyMax: 2 });
    const open = () => openRawWebSocket(connect({ host: '127.0.0.1', port: relay.port }), FOREIGN_HEADER);
    const sockets = await Promise.all([open(), open()]);
    await expect(RelayClient.connect(relay.url)).rejects.toThrow('503');
    await waitUntil('they are gone', async () => (await relay.metric('postline_connections')) === 0);
    for (const socket of sockets) socket.destroy();
  });
});
