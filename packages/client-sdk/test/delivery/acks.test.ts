import { describe, expect, it } from 'vitest';
import { ClientScene, settle } from '../support/client-scene.ts';
import { messageFrame } from '../support/fake-relay.ts';

describe('acks', () => {
  const scene = ClientScene.forEachTest();

  it('[SDK-12] an ack sent on a connection that broke is sent again on the next one', async () => {
    scene.start();
    scene.handle();
    const first = await scene.relay.connection(1);
    await first.identified();
    first.send(messageFrame(1), messageFrame(2));
    await scene.handled(1, 2);
    scene.environment.advance(500);
    expect(await first.received('ack')).toHaveLength(1);
    first.cut();
    await scene.inState('waiting');
    scene.environment.advance(1_000);
    const second = await scene.relay.connection(2);
    await second.identified({ offset: 2, head: 2 });
    expect(await second.received('ack')).toEqual([{ type: 'ack', targetId: '1', offset: 2 }]);
    second.send(messageFrame(3));
    await scene.handled(1, 2, 3);
    scene.environment.advance(500);
    expect(await second.received('ack', 2)).toContainEqual({ type: 'ack', targetId: '1', offset: 3 });
  });

  it('[SDK-12] no ack is sent again for a restarted log or a target that is not followed', async () => {
    scene.start();
    scene.handle();
    const first = await scene.relay.connection(1);
    await first.identified();
    first.send(messageFrame(1));
    await scene.handled(1);
    scene.environment.advance(500);
    await first.received('ack');
    first.close(4003);
    await scene.inState('waiting');
    scene.environment.advance(1_000);
    const second = await scene.relay.connection(2);
    await second.identified({ offset: 0, head: 0, recovered: false }, 'e2');
    await settle();
    expect(second.frames.map(({ type }) => type)).toEqual(['identify']);
  });

  it('[SDK-12] with acks: false nothing is acknowledged, not even at the end', async () => {
    scene.start({ acks: false });
    scene.handle();
    const first = await scene.relay.connection(1);
    await first.identified();
    first.send(messageFrame(1));
    await scene.handled(1);
    scene.environment.advance(500);
    await scene.client.close();
    expect(first.frames.map(({ type }) => type)).toEqual(['identify']);
  });

  it('[SDK-15] close resolves when the relay has read the last ack', async () => {
    scene.start();
    scene.handle();
    const first = await scene.relay.connection(1);
    await first.identified();
    first.send(messageFrame(1));
    await scene.handled(1);
    await scene.client.close();
    expect(first.frames.at(-1)).toEqual({ type: 'ack', targetId: '1', offset: 1 });
    expect(first.isClosed).toBe(true);
  });

  it('[SDK-10] a token sent on a connection that broke is used to identify on the next one', async () => {
    const tokens = ['h.eyJpYXQiOjAsImV4cCI6NjAwfQ.1', 'h.eyJpYXQiOjAsImV4cCI6NjAwfQ.2'];
    scene.start({ token: () => tokens.shift() ?? 'too many' });
    const first = await scene.relay.connection(1);
    await first.identified();
    await scene.inState('live');
    for (let beat = 0; beat < 27; beat += 1) {
      first.send({ type: 'heartbeat' });
      await settle();
      scene.environment.advance(20_000);
    }
    const [{ token } = {}] = await first.received('token');
    expect(token).toMatch(/2$/);
    first.cut();
    await scene.inState('waiting');
    scene.environment.advance(1_000);
    expect(await (await scene.relay.connection(2)).identified()).toMatchObject({ token });
  });
});
