import { waitUntil } from '@postline/test-support';
import { describe, expect, it } from 'vitest';
import type { Restart, Truncation } from '../src/message.ts';
import { ClientScene, settle } from './support/client-scene.ts';
import { identifiedFrame, messageFrame } from './support/fake-relay.ts';

describe('PostlineClient', () => {
  const scene = ClientScene.forEachTest();

  it('[SDK-6] requests nothing the first time, and resumes after the last message received', async () => {
    scene.start();
    scene.handle();
    const first = await scene.relay.connection(1);
    expect(await first.identified({ offset: 7, head: 7 })).toEqual({ type: 'identify', clientId: '1' });
    first.send(messageFrame(8));
    await scene.handled(8);
    first.cut();
    await scene.inState('waiting');
    scene.environment.advance(1_000);
    const resume = { epoch: 'e1', offsets: { '1': 8 } };
    expect(await (await scene.relay.connection(2)).identified({ offset: 8, head: 8 })).toMatchObject({
      resume,
    });
  });

  it('[SDK-8] reports its state, and marks missed messages', async () => {
    scene.start();
    const missed: [number, boolean][] = [];
    scene.client.on('message', (message) => missed.push([message.offset, message.missed]));
    const first = await scene.relay.connection(1);
    await first.identified({ offset: 1, head: 2 });
    await scene.inState('catching-up');
    first.send(messageFrame(2));
    await scene.inState('live');
    first.send(messageFrame(3));
    await waitUntil('both', () => missed.length === 2);
    expect(missed).toEqual([
      [2, true],
      [3, false],
    ]);
    first.close(1001);
    await scene.inState('waiting');
    await scene.client.close();
    expect(scene.states).toMatchObject([
      { state: 'catching-up', connectionId: 'c', missed: 1 },
      { state: 'live', connectionId: 'c' },
      { state: 'waiting', retryInMs: 500, error: { code: 'closed_by_relay', closeCode: 1001 } },
      { state: 'closed', error: undefined },
    ]);
  });

  it('[SDK-6] resumes after a gap, and drops repeated messages', async () => {
    scene.start();
    scene.handle();
    const first = await scene.relay.connection(1);
    await first.identified();
    first.send(messageFrame(1), messageFrame(1), messageFrame(3));
    await scene.inState('waiting');
    expect(scene.client.state).toMatchObject({ error: { code: 'gap' } });
    scene.environment.advance(1_000);
    const second = await scene.relay.connection(2);
    const identify = await second.identified({ offset: 1, head: 3 });
    expect(identify).toMatchObject({ resume: { offsets: { '1': 1 } } });
    second.send(messageFrame(2), messageFrame(3));
    await scene.handled(1, 2, 3);
  });

  it('[SDK-6] ignores unknown frames', async () => {
    scene.start();
    scene.handle();
    const first = await scene.relay.connection(1);
    await first.identified();
    first.sendText('no JSON');
    first.send({ type: 'novelty' }, { type: 'new_message', offset: 'x' }, messageFrame(1));
    await scene.handled(1);
    expect(scene.errors).toEqual([]);
  });

  it('[SDK-7] reports a restarted log after the last message of the old one', async () => {
    scene.start({ resume: { epoch: 'e1', offsets: { '1': 8 } } });
    const told: (Restart | number)[] = [];
    let finish: () => void = () => undefined;
    scene.client.on('message', async ({ offset }) => {
      if (offset === 9)
        await new Promise<void>((resolve) => {
          finish = resolve;
        });
      told.push(offset);
    });
    scene.client.on('restarted', (restart) => told.push(restart));
    const first = await scene.relay.connection(1);
    expect(await first.identified({ offset: 8, head: 9 })).toMatchObject({ resume: { offsets: { '1': 8 } } });
    first.send(messageFrame(9));
    await settle();
    first.close(4003);
    await scene.inState('waiting');
    scene.environment.advance(1_000);
    const second = await scene.relay.connection(2);
    await second.identified({ offset: 5, head: 6, recovered: false }, 'e2');
    second.send(messageFrame(6, 'e2'));
    await settle();
    expect(told).toEqual([]);
    finish();
    await waitUntil('all', () => told.length === 3);
    expect(told).toEqual([9, { targetId: '1', epoch: 'e2', lostOffset: 9, offset: 5 }, 6]);
    scene.environment.advance(500);
    expect(await second.received('ack')).toEqual([{ type: 'ack', targetId: '1', offset: 6 }]);
  });

  it('[SDK-7] reports deleted messages in their place in the order', async () => {
    scene.start();
    const told: (Truncation | number)[] = [];
    scene.client.on('truncated', (truncation) => told.push(truncation));
    scene.client.on('message', ({ offset }) => told.push(offset));
    const first = await scene.relay.connection(1);
    await first.identified({ head: 42 });
    const truncated = { type: 'truncated', targetId: '1', from: 1, to: 40 };
    first.send(truncated, truncated, messageFrame(41));
    await waitUntil('two', () => told.length === 2);
    expect(told).toEqual([{ targetId: '1', from: 1, to: 40 }, 41]);
  });

  it('[SDK-15] close waits for the handler, acks its message, and ignores everything after', async () => {
    scene.start();
    let finish: () => void = () => undefined;
    scene.client.on('message', ({ offset }) => {
      scene.offsets.push(offset);
      return new Promise<void>((resolve) => {
        finish = resolve;
      });
    });
    const first = await scene.relay.connection(1);
    await first.identified();
    first.send(messageFrame(1), messageFrame(2));
    await scene.handled(1);
    const closed = scene.client.close();
    expect(scene.client.state.state).toBe('closed');
    finish();
    await closed;
    expect(await first.received('ack')).toEqual([{ type: 'ack', targetId: '1', offset: 1 }]);
    await first.closed();
    expect(scene.offsets).toEqual([1]);
    expect(scene.environment.wakers).toBe(0);
  });

  it('[SDK-15] a signal closes the client, even one that has already aborted', async () => {
    const controller = new AbortController();
    scene.start({ signal: controller.signal });
    await (await scene.relay.connection(1)).identified();
    controller.abort();
    expect(scene.client.state).toEqual({ state: 'closed', error: undefined });
    scene.start({ signal: controller.signal });
    expect(scene.client.state.state).toBe('closed');
    await settle();
    expect(scene.relay.connections).toHaveLength(1);
  });

  it('[SDK-8] a listener that throws stops nothing', async () => {
    const thrown: unknown[] = [];
    const before = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    process.once('uncaughtException', (error) => thrown.push(error));
    scene.start();
    scene.client.on('state', ({ state }) => {
      if (state === 'live') throw new Error('the page’s own');
    });
    await (await scene.relay.connection(1)).identified();
    await scene.inState('live');
    await waitUntil('told', () => thrown.length === 1);
    for (const listener of before) process.on('uncaughtException', listener);
  });

  it('[SDK-8] reports the relay’s errors', async () => {
    scene.start();
    const first = await scene.relay.connection(1);
    first.send(identifiedFrame(), { type: 'error', code: 'bad_ack', message: 'no' });
    await waitUntil('told', () => scene.errors.length === 1);
    expect(scene.errors[0]).toMatchObject({ code: 'relay_error', relayCode: 'bad_ack' });
  });
});

describe('connect and disconnect', () => {
  const scene = ClientScene.forEachTest();

  it('[SDK-23] with autoConnect false it connects when it is asked to', async () => {
    scene.start({ autoConnect: false });
    expect(scene.client.state).toEqual({ state: 'disconnected' });
    scene.client.wake();
    await settle();
    expect(scene.relay.connections).toHaveLength(0);
    scene.client.connect();
    scene.client.connect();
    await (await scene.relay.connection(1)).identified();
    await scene.inState('live');
    expect(scene.states.map(({ state }) => state)).toEqual(['connecting', 'live']);
    expect(scene.relay.connections).toHaveLength(1);
  });

  it('[SDK-23] disconnect lets the running handler finish and acks its message; connect continues', async () => {
    scene.start();
    let finish: () => void = () => undefined;
    scene.client.on('message', async ({ offset }) => {
      scene.offsets.push(offset);
      if (offset === 1)
        await new Promise<void>((resolve) => {
          finish = resolve;
        });
    });
    const first = await scene.relay.connection(1);
    await first.identified();
    first.send(messageFrame(1), messageFrame(2));
    await scene.handled(1);
    await settle();
    const disconnected = scene.client.disconnect();
    expect(scene.client.disconnect()).toBe(disconnected);
    expect(scene.client.state).toEqual({ state: 'disconnected' });
    first.send(messageFrame(3));
    finish();
    await disconnected;
    expect(await first.received('ack')).toEqual([{ type: 'ack', targetId: '1', offset: 1 }]);
    await first.closed();
    scene.environment.advance(120_000);
    scene.environment.wake();
    await settle();
    expect(scene.relay.connections).toHaveLength(1);
    expect(scene.offsets).toEqual([1]);
    scene.client.connect();
    const second = await scene.relay.connection(2);
    expect(await second.identified({ offset: 2, head: 3 })).toMatchObject({
      resume: { offsets: { '1': 2 } },
    });
    second.send(messageFrame(3));
    await scene.handled(1, 2, 3);
  });

  it('[SDK-23] disconnect and connect at once handle each message once', async () => {
    scene.start();
    let finish: () => void = () => undefined;
    scene.client.on('message', async ({ offset }) => {
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      scene.offsets.push(offset);
    });
    const first = await scene.relay.connection(1);
    await first.identified();
    first.send(messageFrame(1), messageFrame(2));
    await settle();
    for (let time = 0; time < 3; time += 1) {
      void scene.client.disconnect();
      scene.client.connect();
    }
    const second = await scene.relay.connection(2);
    await second.identified({ offset: 2, head: 2 });
    for (const offset of [1, 2]) {
      finish();
      await waitUntil(`${offset}`, () => scene.offsets.length === offset);
    }
    expect(scene.offsets).toEqual([1, 2]);
    await scene.inState('live');
  });

  it('[SDK-23] a handler that is tried again waits while the client is disconnected', async () => {
    scene.start();
    let attempts = 0;
    const others: number[] = [];
    scene.client.on('message', ({ offset }) => others.push(offset));
    scene.client.on('message', ({ offset }) => {
      attempts += 1;
      if (attempts === 1) throw new Error('not now');
      scene.offsets.push(offset);
    });
    const first = await scene.relay.connection(1);
    await first.identified();
    first.send(messageFrame(1));
    await waitUntil('an error', () => scene.errors.length === 1);
    await scene.client.disconnect();
    scene.environment.advance(60_000);
    await settle();
    expect(attempts).toBe(1);
    scene.client.connect();
    await scene.handled(1);
    expect(others).toEqual([1]);
  });

  it('[SDK-23] a closed client refuses to connect, with its reason', async () => {
    scene.start();
    await scene.client.close();
    expect(() => {
      scene.client.connect();
    }).toThrow(expect.objectContaining({ name: 'PostlineError', code: 'aborted' }));
    await scene.client.disconnect();
    expect(scene.client.state.state).toBe('closed');
    scene.start();
    (await scene.relay.connection(1)).close(4510);
    await scene.inState('closed');
    expect(() => {
      scene.client.connect();
    }).toThrow(expect.objectContaining({ closeCode: 4510 }));
  });

  it('[SDK-23] close ends a disconnected client, and a loop over its messages', async () => {
    scene.start();
    await scene.client.disconnect();
    const loop = (async () => {
      for await (const { offset } of scene.client) scene.offsets.push(offset);
    })();
    await scene.client.close();
    await loop;
    expect(scene.client.state).toEqual({ state: 'closed', error: undefined });
  });
});
