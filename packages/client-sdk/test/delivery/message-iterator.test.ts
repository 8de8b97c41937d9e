import { describe, expect, it } from 'vitest';
import type { Message } from '../../src/message.ts';
import { ClientScene } from '../support/client-scene.ts';
import { messageFrame } from '../support/fake-relay.ts';

describe('for await', () => {
  const scene = ClientScene.forEachTest();

  it('[SDK-15] for await: a message counts as handled when the loop requests the next one', async () => {
    scene.start();
    const first = await scene.relay.connection(1);
    await first.identified();
    first.send(messageFrame(1), messageFrame(2), messageFrame(3));
    for await (const { offset } of scene.client) {
      scene.offsets.push(offset);
      if (offset === 2) break;
    }
    const rest = (async () => {
      for await (const { offset } of scene.client) scene.offsets.push(offset);
    })();
    await scene.handled(1, 2, 2, 3);
    await scene.client.close();
    await rest;
  });

  it('[SDK-15] for await throws if an error closed the client', async () => {
    scene.start();
    const loop = (async () => {
      for await (const message of scene.client satisfies AsyncIterable<Message>)
        scene.offsets.push(message.offset);
    })();
    (await scene.relay.connection(1)).close(4503);
    await expect(loop).rejects.toMatchObject({ code: 'closed_by_relay', closeCode: 4503 });
  });
});
