import { createServer } from 'node:http';
import { runInNewContext } from 'node:vm';
import { freePort } from '@postline/test-support';
import { describe, expect, it } from 'vitest';
import type { Cursor } from '../src/cursor/cursor.ts';
import { PostlineError } from '../src/postline-error.ts';
import { PublishError } from '../src/publisher/publish-error.ts';
import { ClientScene, settle } from './support/client-scene.ts';

describe('errors that a client reports', () => {
  const scene = ClientScene.forEachTest();

  it('[SDK-17] the relay’s last error is part of the close that follows it', async () => {
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
        message: 'closed by relay (4503 origin_not_allowed): Set ALLOWED_ORIGINS. (stopped)',
      },
    });
  });

  it('[SDK-17] an error after which the connection continued is not the reason of its end', async () => {
    scene.start();
    const first = await scene.relay.connection(1);
    await first.identified();
    first.send({ type: 'error', code: 'bad_ack', message: 'no' }, { type: 'heartbeat' });
    await settle();
    first.close(1001);
    await scene.inState('waiting');
    expect(scene.states.at(-1)).not.toHaveProperty('error.relayCode');
  });

  it('[SDK-17] a failed connection carries the platform’s reason', async () => {
    const port = await freePort();
    scene.start({ url: `ws://127.0.0.1:${port}/` });
    await scene.inState('waiting');
    expect(scene.client.state).toMatchObject({
      error: {
        code: 'closed_by_relay',
        closeCode: 1006,
        cause: { code: 'ECONNREFUSED' },
        message: `closed by relay (1006): connect ECONNREFUSED 127.0.0.1:${port}`,
      },
    });
    const server = createServer((_request, response) => response.writeHead(418).end());
    await new Promise<void>((done) => server.listen(port, '127.0.0.1', done));
    scene.environment.advance(1_000);
    await scene.inState('waiting');
    expect(scene.client.state).toMatchObject({ error: { message: expect.stringContaining('418') } });
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  });

  it.each([7, 'text', {}, { epoch: 'e1' }, { epoch: 'e1', offsets: { 1: '8' } }, { epoch: 1, offsets: {} }])(
    '[SDK-17] a store that loads %j is reported, and the value is not used',
    async (kept) => {
      scene.start({ cursorStore: { load: () => kept as unknown as Cursor } });
      await scene.inState('waiting');
      expect(scene.errors).toMatchObject([{ code: 'cursor_store_failed', cause: expect.any(TypeError) }]);
      expect(scene.errors[0]).toBeInstanceOf(PostlineError);
      expect(() => scene.start({ resume: kept as unknown as Cursor })).toThrow('invalid option resume');
    },
  );

  it('[SDK-17] errors thrown by the token function, the store and the handler are the cause', async () => {
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

describe('errors of this library', () => {
  it('[SDK-17] are recognised whichever copy of the library made them', () => {
    const other: unknown = runInNewContext('Object.assign(new Error("x"), { name: "PostlineError" })');
    const publish: unknown = runInNewContext('Object.assign(new Error("x"), { name: "PublishError" })');
    class Own extends PostlineError {}
    expect(other instanceof PostlineError).toBe(true);
    expect(publish instanceof PostlineError).toBe(true);
    expect(publish instanceof PublishError).toBe(true);
    expect(other instanceof PublishError).toBe(false);
    expect(other instanceof Own).toBe(false);
    expect(new Own('gap') instanceof PostlineError).toBe(true);
    for (const value of [null, undefined, 7, 'PostlineError', new Error('x'), {}])
      expect(value instanceof PostlineError).toBe(false);
  });

  it('[SDK-17] have the details and the cause in their message', () => {
    expect(
      new PostlineError('closed_by_relay', { closeCode: 1006, cause: new Error('ECONNREFUSED') }).message,
    ).toBe('closed by relay (1006): ECONNREFUSED');
    expect(new PostlineError('gap').message).toBe('gap');
  });
});
