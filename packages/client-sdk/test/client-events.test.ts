import { waitUntil } from '@postline/test-support';
import { describe, expect, it, vi } from 'vitest';
import { PostlineClientBase } from '../src/postline-client-base.ts';
import { ClientScene, settle } from './support/client-scene.ts';
import { messageFrame } from './support/fake-relay.ts';

describe('what a developer sees', () => {
  const scene = ClientScene.forEachTest();

  it('[SDK-23] once receives one message, even if its handler fails first; off removes a listener', async () => {
    scene.start();
    let attempts = 0;
    scene.client.once('message', ({ offset }) => {
      attempts += 1;
      if (attempts === 1) throw new Error('not now');
      scene.offsets.push(offset);
    });
    const states: string[] = [];
    scene.client.once('state', ({ state }) => states.push(state));
    const first = await scene.relay.connection(1);
    await first.identified();
    first.send(messageFrame(1), messageFrame(2));
    await waitUntil('an error', () => scene.errors.length === 1);
    scene.environment.advance(1_000);
    await scene.handled(1);
    await settle();
    const own = ({ offset }: { offset: number }) => scene.offsets.push(offset);
    scene.client.on('message', own);
    scene.client.once('message', own);
    await scene.handled(1, 2, 2);
    first.send(messageFrame(3));
    await scene.handled(1, 2, 2, 3);
    scene.client.off('message', own);
    first.send(messageFrame(4));
    await settle();
    expect(scene.offsets).toEqual([1, 2, 2, 3]);
    expect(states).toEqual(['live']);
  });

  it('[SDK-24] debug reports frames, states and errors, and never a token', async () => {
    const lines: unknown[] = [];
    scene.start({
      token: () => 'very-secret',
      debug: (...line) => {
        lines.push(line);
        throw new Error('of the application');
      },
    });
    const thrown: unknown[] = [];
    const before = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    process.on('uncaughtException', (error) => thrown.push(error));
    const first = await scene.relay.connection(1);
    await first.identified();
    first.sendText('{"type":"novelty"}');
    first.send({ type: 'error', code: 'origin_not_allowed', message: 'Set ALLOWED_ORIGINS.' });
    first.close(4503);
    await scene.inState('closed');
    await settle();
    process.removeAllListeners('uncaughtException');
    for (const listener of before) process.on('uncaughtException', listener);
    expect(thrown).toHaveLength(lines.length);
    expect(lines).toMatchObject([
      ['state', { state: 'connecting' }],
      ['sent', { type: 'identify', clientId: '1', token: '…' }],
      ['received', { type: 'identified' }, expect.stringMatching(/^{"type":"identified",/)],
      ['state', { state: 'live' }],
      ['received', '{"type":"novelty"}', '{"type":"novelty"}'],
      ['received', { type: 'error', code: 'origin_not_allowed' }, expect.stringMatching(/^{"type":"error",/)],
      ['error', { code: 'relay_error' }],
      ['state', { state: 'closed', error: { closeCode: 4503 } }],
      ['error', { closeCode: 4503 }],
    ]);
    expect(JSON.stringify(lines)).not.toContain('very-secret');
  });

  it('[SDK-24] debug true prints to the console', async () => {
    const printed = vi.spyOn(console, 'log').mockReturnValue(undefined);
    scene.start({ debug: true });
    await scene.client.close();
    expect(printed.mock.calls).toEqual([
      ['postline', 'state', { state: 'connecting' }],
      ['postline', 'state', { state: 'closed', error: undefined }],
    ]);
    printed.mockRestore();
  });

  it('[SDK-24] an error that nobody listens to is printed', async () => {
    const printed = vi.spyOn(console, 'error').mockReturnValue(undefined);
    scene.client = new PostlineClientBase({ url: scene.relay.url, clientId: 1 }, scene.environment);
    (await scene.relay.connection(1)).close(4503);
    await scene.inState('closed');
    expect(printed.mock.calls).toMatchObject([[{ name: 'PostlineError', closeCode: 4503 }]]);
    scene.start();
    (await scene.relay.connection(2)).close(4503);
    await scene.inState('closed');
    expect(printed).toHaveBeenCalledOnce();
    printed.mockRestore();
  });
});
