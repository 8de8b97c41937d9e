import { describe, expect, it } from 'vitest';
import { ClientScene, settle } from '../support/client-scene.ts';

describe('the connection to the relay', () => {
  const scene = ClientScene.forEachTest();

  it.each([1001, 1006, 1011, 1012, 1013, 4000, 4002, 4003, 4008, 4029, 4499])(
    '[SDK-4] close code %i: another connection',
    async (code) => {
      scene.start();
      const first = await scene.relay.connection(1);
      await first.identified();
      if (code === 1006) first.cut();
      else first.close(code);
      await scene.inState('waiting');
      scene.environment.advance(10_000);
      await scene.relay.connection(2);
    },
  );

  it.each([1000, 1008, 1009, 4500, 4501, 4503, 4510])(
    '[SDK-4] close code %i: closed for good',
    async (code) => {
      scene.start();
      (await scene.relay.connection(1)).close(code);
      await scene.inState('closed');
      expect(scene.client.state).toMatchObject({ error: { code: 'closed_by_relay', closeCode: code } });
      expect(scene.errors).toHaveLength(1);
      scene.environment.advance(60_000);
      await settle();
      expect(scene.relay.connections).toHaveLength(1);
    },
  );

  it('[SDK-4] waits longer with each failure', async () => {
    scene.environment.chance = 1;
    scene.start({ firstRetryMsMax: 100, retryMsMax: 250 });
    for (const [number, retryInMs] of [
      [1, 100],
      [2, 200],
      [3, 250],
    ] as const) {
      (await scene.relay.connection(number)).cut();
      await scene.inState('waiting');
      expect(scene.client.state).toMatchObject({ retryInMs });
      scene.environment.advance(retryInMs - 1);
      expect(scene.client.state.state).toBe('waiting');
      scene.environment.advance(1);
      expect(scene.client.state.state).toBe('connecting');
    }
  });

  it('[SDK-4] connects at once when the network is back', async () => {
    scene.start();
    (await scene.relay.connection(1)).cut();
    await scene.inState('waiting');
    scene.environment.wake();
    await scene.relay.connection(2);
  });

  it('[SDK-4] tests the connection with a ping when the network is back', async () => {
    scene.start();
    const first = await scene.relay.connection(1);
    await first.identified();
    await scene.inState('live');
    scene.environment.wake();
    await first.received('ping');
    scene.environment.advance(4_999);
    first.send({ type: 'pong' });
    await settle();
    scene.environment.advance(4_999);
    expect(scene.client.state.state).toBe('live');
    scene.environment.wake();
    scene.environment.advance(5_000);
    expect(scene.client.state).toMatchObject({ state: 'waiting', error: { code: 'silent' } });
  });

  it('[SDK-5] treats silence of more than two heartbeats as a broken connection', async () => {
    scene.start();
    const first = await scene.relay.connection(1);
    await first.identified();
    await scene.inState('live');
    scene.environment.advance(50_999);
    first.send({ type: 'heartbeat' });
    await settle();
    scene.environment.advance(50_999);
    expect(scene.client.state.state).toBe('live');
    scene.environment.advance(1);
    expect(scene.client.state).toMatchObject({ state: 'waiting', error: { code: 'silent' } });
    await first.closed();
  });

  it('[SDK-5] a connection that is not ready in time is given up', () => {
    scene.start({ token: () => new Promise(() => undefined), openMsMax: 3_000 });
    scene.environment.advance(3_000);
    expect(scene.client.state).toMatchObject({ state: 'waiting', error: { code: 'open_timeout' } });
  });
});
