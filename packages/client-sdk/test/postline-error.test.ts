import { createServer } from 'node:http';
import { freePort } from '@postline/test-support';
import { describe, expect, it } from 'vitest';
import type { Cursor } from '../src/cursor/cursor.ts';
import { PostlineError } from '../src/postline-error.ts';
import { ClientScene, settle } from './support/client-scene.ts';

describe('errors that a client tells', () => {
  const scene = ClientScene.forEachTest();

  it('[SDK-17] what the relay said last is with the close that follows it', async () => {
    scene.start();
    const first = await scene.relay.connection(1);
    first.send({ type: 'error', code: 'origin_not_allowed', message: 'Set ALLOWED_ORIGINS.' });
    first.close(4503);
    await scene.inState('closed');
    expect(scene.client.state).toMatchObject({
      error: {
        code: 'closed_by_relay',
        closeCode: 4503,
        relayCode: 'origin_not_allowed',
        cause: 'Set ALLOWED_ORIGINS.',
        message: 'closed by relay (4503 origin_not_allowed): Set ALLOWED_ORIGINS.',
      },
    });
  });

  it('[SDK-17] an error that the connection went on after is not the reason of its end', async () => {
    scene.start();
    const first = await scene.relay.connection(1);
    await first.identified();
    first.send({ type: 'error', code: 'bad_ack', message: 'no' }, { type: 'heartbeat' });
    await settle();
    first.close(1001);
    await scene.inState('waiting');
    expect(scene.states.at(-1)).not.toHaveProperty('error.relayCode');
  });

  it('[SDK-17] a connection that could not be made carries what the platform says', async () => {
    const port = await freePort();
    scene.start({ url: `ws://127.0.0.1:${port}/` });
    await scene.inState('waiting');
    expect(scene.client.state).toMatchObject({ error: { closeCode: 1006, cause: { code: 'ECONNREFUSED' } } });
    const server = createServer((_request, response) => response.writeHead(418).end());
    await new Promise<void>((done) => server.listen(port, '127.0.0.1', done));
    scene.environment.advance(1_000);
    await scene.inState('waiting');
    expect(scene.client.state).toMatchObject({ error: { message: expect.stringContaining('418') } });
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  });

  it.each([7, 'text', {}, { epoch: 'e1' }, { epoch: 'e1', offsets: { 1: '8' } }, { epoch: 1, offsets: {} }])(
    '[SDK-17] a store that loads %j is told of, and is no cursor',
    async (kept) => {
      scene.start({ cursorStore: { load: () => kept as unknown as Cursor } });
      await scene.inState('waiting');
      expect(scene.errors).toMatchObject([{ code: 'cursor_store_failed', cause: expect.any(TypeError) }]);
      expect(scene.errors[0]).toBeInstanceOf(PostlineError);
      expect(() => scene.start({ resume: kept as unknown as Cursor })).toThrow(PostlineError);
    },
  );

  it('[SDK-17] whatever token function, store and handler throw is told as the cause', async () => {
    const thrown: unknown[] = [new Error('own'), 'a text', undefined, { code: 18 }];
    for (const cause of thrown) {
      const fail = () => {
        throw cause;
      };
      scene.start({ token: fail });
      await scene.inState('waiting');
      await scene.client.close();
      expect(scene.errors).toMatchObject([{ name: 'PostlineError', code: 'token_failed', cause }]);
      scene.start({ cursorStore: { load: fail } });
      await scene.inState('waiting');
      await scene.client.close();
      expect(scene.errors).toMatchObject([{ name: 'PostlineError', code: 'cursor_store_failed', cause }]);
    }
  });
});
