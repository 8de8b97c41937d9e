import { connect } from 'node:net';
import {
  openRawWebSocket,
  rawFrame,
  RelayClient,
  type ReceivedFrame,
  waitUntil,
  freshMetrics,
} from '@postline/test-support';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import type { RelaySettings } from '../../src/configuration.ts';
import { RelayCounters } from '../../src/metrics/relay-counters.ts';
import { action } from '../support/delivery-actions.ts';
import { DeliveryWorld } from '../support/delivery-world.ts';
import { startTestRelay, type TestRelay } from '../support/start-test-relay.ts';

const RUNS = 600;
/** A failure is shrunk for a while. */
const PROPERTY_TEST_MS = 180_000;

describe('delivery against a model', () => {
  beforeEach(() => {
    vi.useFakeTimers({
      toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'clearImmediate', 'performance'],
    });
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  it('[ACK-4][DEL-2][DEL-6][DEL-7][DEL-8][DEL-9][DEL-10][DEL-12] whatever the bus, the database and the sockets do, offsets go up by one and everybody gets everything', {
    timeout: PROPERTY_TEST_MS,
  }, async () => {
    const sum = new RelayCounters();
    let comebacks = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(action, { minLength: 10, maxLength: 120, size: 'max' }), async (actions) => {
        vi.clearAllTimers();
        const world = new DeliveryWorld();
        for (const step of actions) await world.take(step);
        await world.becomeQuiet();
        world.expectEverybodyHasEverything();
        await world.end();
        sum.messagesSent += world.counters.messagesSent;
        sum.truncationsSent += world.counters.truncationsSent;
        sum.hintsEarly += world.counters.hintsEarly;
        sum.gapsRepaired += world.counters.gapsRepaired;
        comebacks += world.modelDevices.reduce((all, device) => all + device.comebacks, 0);
      }),
      { numRuns: RUNS },
    );
    // The runs were about something.
    expect(sum.messagesSent).toBeGreaterThan(5_000);
    expect(sum.truncationsSent).toBeGreaterThan(10);
    expect(sum.hintsEarly).toBeGreaterThan(500);
    expect(sum.gapsRepaired).toBeGreaterThan(500);
    expect(comebacks).toBeGreaterThan(200);
  });
});

describe('delivery on a real port', () => {
  let relay: TestRelay;

  async function start(settings: Partial<RelaySettings> = {}): Promise<void> {
    relay = await startTestRelay(settings);
  }

  afterEach(() => relay.close());

  const identified = (clientId: number, resume?: { epoch: string; offsets: Record<string, number> }) =>
    RelayClient.identified(relay.url, resume === undefined ? { clientId } : { clientId, resume });
  const offsetsOf = (frames: readonly ReceivedFrame[]) => frames.map(({ offset }) => offset);
  const numbers = (from: number, to: number) =>
    Array.from({ length: to - from + 1 }, (_, index) => from + index);

  describe('hints that can’t be trusted', () => {
    it('[DEL-8] a message whose hint was lost comes with the comparison', async () => {
      await start({ compareIntervalMs: 200 });
      const client = await identified(1);
      await relay.append('1', 'untold');
      expect(offsetsOf(await client.messagesOnceThereAre(1, 5_000))).toEqual([1]);
    });

    it('[DEL-6] a lost hint before another costs milliseconds', async () => {
      await start({ compareIntervalMs: 60_000 });
      const client = await identified(1);
      await relay.append('1', 'untold');
      await relay.publish('1', 'told');
      expect(offsetsOf(await client.messagesOnceThereAre(2, 1_000))).toEqual([1, 2]);
    });

    it('[DEL-7] garbage, and frames of other epochs or targets, reach no client', async () => {
      await start({ compareIntervalMs: 60_000 });
      const client = await identified(1);
      const forged = {
        type: 'new_message',
        id: '9',
        offset: 1,
        epoch: 'forged',
        data: 'x',
        createdAt: 'now',
      };
      await relay.hint('1', 'Hello Client 1!');
      await relay.hint('1', JSON.stringify({ ...forged, targetId: '1' }));
      await relay.hint('1', JSON.stringify({ ...forged, targetId: '2', epoch: await relay.epoch() }));
      await relay.publish('1', 'true');
      const [message] = await client.messagesOnceThereAre(1);
      expect(message).toMatchObject({ offset: 1, data: 'true' });
      await client.settled();
      expect(client.messages()).toHaveLength(1);
    });

    it('[DEL-9] another database behind the relay: 4003, then recovered:false and the new messages', async () => {
      await start({ compareIntervalMs: 200 });
      await relay.publish('1', 'a', 'b');
      const before = await relay.epoch();
      const client = await identified(1);
      await relay.replaceDatabase();
      expect(await client.closed()).toBe(4003);
      expect(client.frames.at(-1)).toMatchObject({ type: 'error', code: 'log_restarted' });
      await relay.publish('1', 'of the new log');
      const again = await identified(1, { epoch: before, offsets: { '1': 2 } });
      expect(again.frames[0]).toMatchObject({ targets: { '1': { offset: 0, recovered: false } } });
      expect(await again.messagesOnceThereAre(1)).toMatchObject([{ offset: 1, data: 'of the new log' }]);
    });
  });

  describe('a peer that does not read', () => {
    const LARGE = 'x'.repeat(60_000);
    /** What two kernels buffer between them, and the relay's own bound, are far below what is published. */
    const PUBLISHED = 1_500;

    async function stopReading(): Promise<WebSocket> {
      const socket = new WebSocket(relay.url.replace('http', 'ws'));
      await new Promise((open) => socket.once('open', open));
      socket.send('{"type":"identify","clientId":1}');
      await new Promise((answer) => socket.once('message', answer));
      socket.pause();
      return socket;
    }

    async function publishMuch(): Promise<void> {
      for (let sent = 0; sent < PUBLISHED; sent += 50) {
        await relay.publish('1', ...numbers(sent + 1, sent + 50).map((n) => `${n} ${LARGE}`));
      }
    }

    it('[DEL-10] holds up nothing and fills nothing, and gets everything in order once it reads', async () => {
      await start();
      const slow = await stopReading();
      const quick = await identified(1);
      await publishMuch();
      await quick.messagesOnceThereAre(PUBLISHED, 30_000);
      const sentToSlow = (await relay.metric('postline_messages_sent_total')) - PUBLISHED;
      expect(sentToSlow).toBeLessThan(PUBLISHED / 2);
      expect(await relay.metric('postline_connections_stalled')).toBe(1);
      const offsets: unknown[] = [];
      slow.on('message', (data) => {
        const frame = JSON.parse((data as Buffer).toString('utf8')) as ReceivedFrame;
        if (frame.type === 'new_message') offsets.push(frame['offset']);
      });
      slow.resume();
      await waitUntil('everything came', () => offsets.length >= PUBLISHED, 30_000);
      expect(offsets).toEqual(numbers(1, PUBLISHED));
      slow.terminate();
    }, 90_000);

    it('[DEL-11] is closed with 4002 when it takes nothing for too long', async () => {
      await start({ noProgressMs: 1_000 });
      const slow = await stopReading();
      await publishMuch();
      await waitUntil('it is gone', async () => (await relay.metric('postline_connections')) === 0, 10_000);
      const text = await freshMetrics(relay.url);
      expect(text).toMatch(/postline_connections_closed_total\{code="4002",service="websocket-server"\} 1/);
      slow.terminate();
    }, 60_000);

    it('[DEL-10] can ask as much as it likes', async () => {
      await start();
      const raw = await openRawWebSocket(connect({ host: '127.0.0.1', port: relay.port }));
      raw.pause();
      const pings = Buffer.concat(
        numbers(1, 1_000).map(() => rawFrame({ opcode: 1, payload: '{"type":"ping"}' })),
      );
      const heapBefore = process.memoryUsage().external + process.memoryUsage().heapUsed;
      for (let round = 0; round < 300; round += 1) {
        if (!raw.write(pings)) await new Promise((drained) => raw.once('drain', drained));
      }
      const grown = process.memoryUsage().external + process.memoryUsage().heapUsed - heapBefore;
      expect(grown).toBeLessThan(64 * 1024 * 1024);
      raw.destroy();
    }, 60_000);
  });
});
