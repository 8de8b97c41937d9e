import { connect } from 'node:net';
import { createLogger } from '@postline/service-runtime';
import {
  type Identify,
  openRawWebSocket,
  RelayClient,
  type ReceivedFrame,
  waitUntil,
} from '@postline/test-support';
import { afterEach, describe, expect, it } from 'vitest';
import type { RelaySettings } from '../src/configuration.ts';
import { startTestRelay, type TestRelay } from './support/start-test-relay.ts';

let relay: TestRelay;

async function start(settings: Partial<RelaySettings> = {}): Promise<void> {
  relay = await startTestRelay(settings);
}

afterEach(() => relay.close());

function identified(clientId: number | string, resume?: Identify['resume']): Promise<RelayClient> {
  return RelayClient.identified(relay.url, resume === undefined ? { clientId } : { clientId, resume });
}

const offsetsOf = (frames: readonly ReceivedFrame[]) => frames.map(({ offset }) => offset);
const numbers = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);

describe('who gets what', () => {
  it('[DEL-1][DEL-2][DEL-3] the proof of concept, frame by frame', async () => {
    await start();
    const [one, two] = [await identified(1), await identified(2)];
    const epoch = await relay.epoch();
    expect(one.frames).toEqual([
      {
        type: 'identified',
        clientId: '1',
        connectionId: expect.stringMatching(/^[0-9a-f-]{36}$/),
        epoch,
        heartbeatSeconds: 25,
        targets: { '1': { offset: 0, head: 0, recovered: true } },
      },
    ]);
    await relay.publish('1', 'Hello Client 1!');
    const [message] = await one.messagesOnceThereAre(1);
    expect(message).toEqual({
      type: 'new_message',
      id: expect.any(String),
      targetId: '1',
      offset: 1,
      epoch,
      data: 'Hello Client 1!',
      createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    });
    one.send({ type: 'ack', targetId: '1', offset: 1 });
    await one.settled();
    await two.settled();
    expect([one.frames.length, two.messages().length]).toEqual([3, 0]);
  });

  it('[DEL-3] the integer and the string are one client, and every connection of it gets everything', async () => {
    await start();
    const connections = [await identified(7), await identified('7'), await identified(7)];
    await relay.publish('7', 'a', 'b');
    for (const connection of connections) {
      expect(offsetsOf(await connection.messagesOnceThereAre(2))).toEqual([1, 2]);
    }
    const ids = connections.map(({ frames }) => frames[0]?.['connectionId']);
    expect(new Set(ids).size).toBe(3);
  });

  it('[DEL-3] ids that only look alike are others', async () => {
    await start();
    const lookAlikes = ['01', '1.0', '1:', '1-', '10', 'Bob', 'bob', 'BOB', 'constructor', 'toString', '0'];
    const clients = await Promise.all(lookAlikes.map((id) => identified(id)));
    for (const id of ['1', 'bOb', 'prototype', 'valueOf']) await relay.publish(id, 'not for you');
    await relay.publish('constructor', 'for the one of this name');
    await clients[lookAlikes.indexOf('constructor')]?.messagesOnceThereAre(1);
    for (const [index, client] of clients.entries()) {
      await client.settled();
      expect([lookAlikes[index], client.messages().length]).toEqual([
        lookAlikes[index],
        lookAlikes[index] === 'constructor' ? 1 : 0,
      ]);
    }
  });

  it.each(['"1 "', '" 1"', '"__proto__"', '"1\\u0000"', '1e400', '-0.5'])(
    '[DEL-13][PRO-1] %s is no client id: 4500',
    async (id) => {
      await start();
      const client = await RelayClient.connect(relay.url);
      client.send(`{"type":"identify","clientId":${id}}`);
      expect(await client.closed()).toBe(4500);
    },
  );

  it('[DEL-3] a resume that names others, prototypes even, brings nothing of theirs', async () => {
    await start();
    await relay.publish('2', 'secret');
    const client = await RelayClient.connect(relay.url);
    const offsets = '{"2":0,"constructor":0,"__proto__":{"1":5}}';
    client.send(
      `{"type":"identify","clientId":1,"resume":{"epoch":"${await relay.epoch()}","offsets":${offsets}}}`,
    );
    const closedOrNot = await waitUntil('an answer', () => client.closeCode ?? client.frames[0]);
    if (typeof closedOrNot !== 'number') expect(Object.keys(closedOrNot['targets'] as object)).toEqual(['1']);
    expect(client.messages()).toEqual([]);
  });

  it('[DEL-3] a group’s messages reach no client that does not follow it, and no client can be a group: 4503', async () => {
    await start();
    const member = await identified('staff');
    await relay.publish('group:staff', 'x');
    const intruder = await RelayClient.connect(relay.url);
    intruder.send({ type: 'identify', clientId: 'group:staff' });
    expect(await intruder.closed()).toBe(4503);
    await member.settled();
    expect(member.messages()).toEqual([]);
  });
});

describe('resume', () => {
  async function resumed(epoch: string, offsets: Readonly<Record<string, number>>) {
    const client = await identified(1, { epoch, offsets });
    return { client, target: (client.frames[0]?.['targets'] as Record<string, unknown>)['1'] };
  }

  it('[DEL-4] goes on after the cursor, then live', async () => {
    await start();
    await relay.publish('1', 'a', 'b', 'c');
    const { client, target } = await resumed(await relay.epoch(), { '1': 1 });
    expect(target).toEqual({ offset: 1, head: 3, recovered: true });
    await relay.publish('1', 'd');
    const messages = await client.messagesOnceThereAre(3);
    expect(messages.map(({ offset, data }) => [offset, data])).toEqual([
      [2, 'b'],
      [3, 'c'],
      [4, 'd'],
    ]);
  });

  it('[DEL-4] at the head nothing is repeated', async () => {
    await start();
    await relay.publish('1', 'a', 'b');
    const { client, target } = await resumed(await relay.epoch(), { '1': 2 });
    expect(target).toEqual({ offset: 2, head: 2, recovered: true });
    await client.settled();
    expect(client.messages()).toEqual([]);
  });

  it.each([
    ['of another epoch', 'another', 1],
    ['beyond the head', undefined, 9],
  ])('[DEL-5] a cursor %s starts over, with recovered:false', async (_what, epoch, cursor) => {
    await start();
    await relay.publish('1', 'a', 'b');
    const { client, target } = await resumed(epoch ?? (await relay.epoch()), { '1': cursor });
    expect(target).toEqual({ offset: 0, head: 2, recovered: false });
    expect(offsetsOf(await client.messagesOnceThereAre(2))).toEqual([1, 2]);
  });

  it('[DEL-1] without a cursor for it the target starts at its head', async () => {
    await start();
    await relay.publish('1', 'a', 'b');
    const { client, target } = await resumed(await relay.epoch(), { '2': 0 });
    expect(target).toEqual({ offset: 2, head: 2, recovered: true });
    await client.settled();
    expect(client.messages()).toEqual([]);
  });

  it('[DEL-2] a backlog of 20,000 comes in order while more is published', async () => {
    await start();
    const count = 20_000;
    for (let sent = 0; sent < count; sent += 1_000) {
      await relay.append(
        '1',
        ...numbers(sent + 1, sent + 1_000).map((n) => `message ${n} ${'x'.repeat(100)}`),
      );
    }
    const { client } = await resumed(await relay.epoch(), { '1': 0 });
    await relay.publish('1', 'live 1', 'live 2', 'live 3');
    const messages = await client.messagesOnceThereAre(count + 3, 30_000);
    expect(offsetsOf(messages)).toEqual(numbers(1, count + 3));
    expect(messages.at(-1)).toMatchObject({ data: 'live 3' });
  }, 60_000);
});

describe('frames that break the rules', () => {
  it.each([
    ['no JSON', '{"type":'],
    ['an unknown type', '{"type":"subscribe"}'],
    ['a second identify', '{"type":"identify","clientId":1}'],
  ])('[DEL-13] %s is 4500, with an error first', async (_what, frame) => {
    await start();
    const client = await identified(1);
    client.send(frame);
    expect(await client.closed()).toBe(4500);
    expect(client.frames.at(-1)).toMatchObject({ type: 'error', code: 'bad_frame' });
  });

  it('[DEL-13] who does not identify is closed with 4008', async () => {
    await start({ identifyTimeoutMs: 300 });
    const client = await RelayClient.connect(relay.url);
    client.send({ type: 'ping' });
    expect(await client.closed(5_000)).toBe(4008);
  });

  it('a bad ack is an error, and the connection stays', async () => {
    await start();
    const client = await identified(1);
    client.send({ type: 'ack', offset: 1 });
    expect(await client.frame('error')).toMatchObject({ code: 'bad_ack' });
    await relay.publish('1', 'a');
    await client.messagesOnceThereAre(1);
    client.send({ type: 'ack', offset: 1 });
    await client.settled();
    expect(client.frames.filter(({ type }) => type === 'error')).toHaveLength(1);
  });
});

describe('connections by the clock', () => {
  it('[DEL-14] heartbeats come, and a peer that answers pings stays', async () => {
    await start({ heartbeatSeconds: 1 });
    const client = await identified(1);
    await waitUntil('four heartbeats', () => client.heartbeatCount >= 4);
    expect(client.closeCode).toBeUndefined();
  });

  it('[DEL-14] a peer that shows no sign of life is dropped', async () => {
    await start({ heartbeatSeconds: 1 });
    const raw = await openRawWebSocket(connect({ host: '127.0.0.1', port: relay.port }));
    raw.resume();
    await waitUntil('it is there', async () => (await relay.metric('postline_connections')) === 1);
    await waitUntil('it is gone', async () => (await relay.metric('postline_connections')) === 0);
  });
});

describe('upgrades', () => {
  const refusedWith = (headers: Record<string, string>) =>
    RelayClient.connect(relay.url, headers).then(
      (client) => {
        client.send({ type: 'ping' });
        return 101;
      },
      (error: unknown) => Number(/(\d{3})$/.exec((error as Error).message)?.[1]),
    );

  it.each([
    [{ Host: 'evil.example' }, 403],
    [{ Host: 'evil.example', Origin: 'https://evil.example' }, 403],
    [{ Host: 'localhost:3000' }, 101],
  ])('[PUB-13] with %j: %d', async (headers, status) => {
    await start();
    expect(await refusedWith(headers)).toBe(status);
  });

  it('are refused with 503 while the relay is full', async () => {
    await start({ connectionsMax: 2 });
    const first = await identified(1);
    await identified(2);
    expect(await refusedWith({})).toBe(503);
    await first.close();
    await waitUntil('there is room', async () => (await refusedWith({})) === 101);
  });
});

describe('the end', () => {
  it('[DEL-15] not ready first, upgrades refused, every socket 1001, spread over time', async () => {
    await start({ drainMs: 1_500 });
    const clients = await Promise.all(numbers(1, 150).map((id) => identified(id)));
    const closed = relay.close();
    const probe = await fetch(`${relay.url}/readyz`);
    expect([probe.status, await probe.json()]).toMatchObject([503, { status: 'not_ready' }]);
    await expect(RelayClient.connect(relay.url)).rejects.toThrow('503');
    await waitUntil('the first are closed', () => clients.some(({ closeCode }) => closeCode !== undefined));
    expect(clients.filter(({ closeCode }) => closeCode === undefined).length).toBeGreaterThan(75);
    await closed;
    await Promise.all(clients.map((client) => client.closed()));
    expect(new Set(clients.map(({ closeCode }) => closeCode))).toEqual(new Set([1001]));
    await expect(fetch(`${relay.url}/readyz`)).rejects.toThrow();
  });

  it('[OPS-3] no metric carries an id', async () => {
    await start();
    await identified('a-client-with-a-name');
    await relay.publish('a-client-with-a-name', 'x');
    expect(await (await fetch(`${relay.url}/metrics`)).text()).not.toContain('a-client-with-a-name');
  });
});

it('[OPS-16] connections that are closed because of a limit are logged with its setting', async () => {
  const named: unknown[] = [];
  const write = (line: string) => named.push((JSON.parse(line) as { setting?: string }).setting);
  const logger = createLogger({ service: 'test', level: 'warn', destination: { write } });
  relay = await startTestRelay({ connectionsPerClientMax: 1, clientFramesPerSecondMax: 1 }, logger);
  const first = await identified(1);
  const second = await RelayClient.connect(relay.url);
  second.send({ type: 'identify', clientId: 1 });
  expect(await second.closed()).toBe(4029);
  for (let count = 0; count < 50; count += 1) first.send({ type: 'ping' });
  expect(await first.closed()).toBe(4029);
  expect(named).toEqual([
    'CONNECTIONS_PER_CLIENT_MAX',
    'CLIENT_FRAMES_PER_SECOND_MAX, CLIENT_BYTES_PER_SECOND_MAX',
  ]);
});
