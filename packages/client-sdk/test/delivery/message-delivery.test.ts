import { waitUntil } from '@postline/test-support';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Cursor } from '../../src/cursor/cursor.ts';
import { PostlineClientBase } from '../../src/postline-client-base.ts';
import type { PostlineError } from '../../src/postline-error.ts';
import { ClientScene, settle } from '../support/client-scene.ts';
import { messageFrame } from '../support/fake-relay.ts';
import { ModelRelay } from '../support/model-relay.ts';
import { TestEnvironment } from '../support/test-environment.ts';

/** Resolves when nothing more can happen without time passing: the model answers in microtasks. */
async function quiet(): Promise<void> {
  for (let turn = 0; turn < 40; turn += 1) await Promise.resolve();
}

type Event =
  | { readonly kind: 'publish'; readonly count: number }
  | { readonly kind: 'close'; readonly code: number }
  | { readonly kind: 'repeat'; readonly count: number }
  | { readonly kind: 'skip' | 'wake' }
  | { readonly kind: 'fail'; readonly times: number }
  | { readonly kind: 'time'; readonly ms: number };

const event: fc.Arbitrary<Event> = fc.oneof(
  fc.record({ kind: fc.constant('publish' as const), count: fc.integer({ min: 1, max: 12 }) }),
  fc.record({
    kind: fc.constant('close' as const),
    code: fc.constantFrom(1001, 1006, 1012, 1013, 4002, 4029),
  }),
  fc.record({ kind: fc.constant('repeat' as const), count: fc.integer({ min: 0, max: 5 }) }),
  fc.record({ kind: fc.constantFrom('skip' as const, 'wake' as const) }),
  fc.record({ kind: fc.constant('fail' as const), times: fc.integer({ min: 1, max: 3 }) }),
  fc.record({ kind: fc.constant('time' as const), ms: fc.constantFrom(1, 500, 5_000, 60_000) }),
);

/** Returns the handled offsets in their order, and the head of the log. */
async function run(
  events: readonly Event[],
  canPause: boolean,
): Promise<{ handled: number[]; head: number }> {
  const relay = new ModelRelay(canPause);
  const environment = new TestEnvironment();
  environment.openSocket = relay.openSocket;
  const start = { epoch: 'e1', offsets: { '1': 0 } };
  const client = new PostlineClientBase(
    { url: 'ws://relay', clientId: 1, resume: start, inboxMessagesMax: 4 },
    environment,
  );
  const handled: number[] = [];
  let failuresToCome = 0;
  client.on('error', () => undefined);
  client.on('message', async ({ offset }) => {
    await Promise.resolve();
    if (failuresToCome > 0) {
      failuresToCome -= 1;
      throw new Error('not now');
    }
    handled.push(offset);
  });
  await quiet();
  for (const { kind, ...what } of events as readonly (Event & Record<string, never>)[]) {
    if (kind === 'publish') relay.head += what['count'];
    if (kind === 'publish') relay.deliver();
    if (kind === 'close') relay.close(what['code']);
    if (kind === 'repeat') relay.repeats = what['count'];
    if (kind === 'skip') relay.skip();
    if (kind === 'wake') environment.wake();
    if (kind === 'fail') failuresToCome = what['times'];
    if (kind === 'time') environment.advance(what['ms']);
    await quiet();
  }
  for (let turn = 0; turn < 60 && handled.length < relay.head; turn += 1) {
    relay.deliver();
    environment.advance(60_000);
    await quiet();
  }
  void client.close();
  environment.advance(5_000);
  return { handled, head: relay.head };
}

describe('delivery to the handler', () => {
  it.each([true, false])(
    '[SDK-1] each message is handled once and in order, whatever relay, network and handler do (can pause: %s)',
    async (canPause) => {
      await fc.assert(
        fc.asyncProperty(fc.array(event, { maxLength: 25 }), async (events) => {
          const { handled, head } = await run(events, canPause);
          expect(handled).toEqual(Array.from({ length: head }, (_, index) => index + 1));
        }),
        { numRuns: 150 },
      );
    },
    30_000,
  );
});

describe('message handlers', () => {
  const scene = ClientScene.forEachTest();

  it('[SDK-2] the next message waits for the handler, and so does the cursor', async () => {
    const saved: (number | undefined)[] = [];
    scene.start({
      cursorStore: { load: () => undefined, save: (cursor) => void saved.push(cursor.offsets['1']) },
    });
    const finish: (() => void)[] = [];
    scene.client.on('message', ({ offset }) => {
      scene.offsets.push(offset);
      return new Promise<void>((resolve) => finish.push(resolve));
    });
    const first = await scene.relay.connection(1);
    await first.identified();
    first.send(messageFrame(1), messageFrame(2));
    await scene.handled(1);
    await settle();
    expect([scene.offsets, saved]).toEqual([[1], [0]]);
    finish[0]?.();
    await scene.handled(1, 2);
    expect(saved).toEqual([0, 1]);
  });

  it('[SDK-2] messages wait until there is a handler, and go to each handler', async () => {
    scene.start();
    const first = await scene.relay.connection(1);
    await first.identified();
    first.send(messageFrame(1));
    await settle();
    const order: string[] = [];
    scene.client.on('message', async () => {
      await settle();
      order.push('a');
    });
    const end = scene.client.on('message', () => order.push('b'));
    await waitUntil('both', () => order.join() === 'a,b');
    end();
    first.send(messageFrame(2));
    await waitUntil('one', () => order.join() === 'a,b,a');
  });

  it('[SDK-3] a handler that throws is reported, and called again with the message', async () => {
    scene.start();
    let attempts = 0;
    scene.client.on('message', ({ offset }) => {
      attempts += 1;
      if (attempts < 3) throw new Error('not now');
      scene.offsets.push(offset);
    });
    const first = await scene.relay.connection(1);
    await first.identified();
    first.send(messageFrame(1), messageFrame(2));
    await waitUntil('an error', () => scene.errors.length === 1);
    scene.environment.advance(500);
    await waitUntil('another', () => scene.errors.length === 2);
    scene.environment.advance(999);
    await settle();
    expect(attempts).toBe(2);
    scene.environment.advance(1);
    await scene.handled(1, 2);
    expect(scene.errors[0]).toMatchObject({
      code: 'handler_failed',
      failedMessage: { offset: 1, data: 'text 1' },
    });
    expect(scene.errors[0]?.cause).toEqual(new Error('not now'));
  });

  it('[SDK-3] with onHandlerError stop the client closes, and the cursor stays', async () => {
    const saved: unknown[] = [];
    scene.start({
      onHandlerError: 'stop',
      cursorStore: { load: () => undefined, save: (cursor) => void saved.push(cursor) },
    });
    scene.client.on('message', () => Promise.reject(new Error('never')));
    const first = await scene.relay.connection(1);
    await first.identified();
    first.send(messageFrame(1), messageFrame(2));
    await scene.inState('closed');
    expect(scene.client.state).toMatchObject({ error: { code: 'handler_failed' } });
    expect(saved).toEqual([{ epoch: 'e1', offsets: { '1': 0 }, at: {} }]);
    await first.closed();
  });

  it('[SDK-3] a message that cannot be parsed is reported and skipped, or closes the client', async () => {
    const parse = (text: string) => {
      if (text === 'text 1') throw new Error('not that');
      return text.length;
    };
    const numbers = new PostlineClientBase<number>(
      { url: scene.relay.url, clientId: 1, parse },
      scene.environment,
    );
    const lengths: number[] = [];
    const failures: PostlineError[] = [];
    numbers.on('message', ({ data }) => lengths.push(data));
    numbers.on('error', (error) => failures.push(error));
    const first = await scene.relay.connection(1);
    await first.identified();
    first.send(messageFrame(1), messageFrame(2));
    await waitUntil('one', () => lengths.join() === '6');
    expect(failures).toMatchObject([{ code: 'parse_failed', failedMessage: { offset: 1 } }]);
    await numbers.close();

    scene.client = new PostlineClientBase<number>(
      { url: scene.relay.url, clientId: 1, parse, onParseError: 'stop' },
      scene.environment,
    ) as unknown as PostlineClientBase;
    const second = await scene.relay.connection(2);
    await second.identified();
    second.send(messageFrame(1));
    await scene.inState('closed');
    expect(scene.client.state).toMatchObject({ error: { code: 'parse_failed' } });
  });

  it('[SDK-9] in Node it stops reading while the handler is behind, and loses nothing', async () => {
    scene.start({ inboxMessagesMax: 10 });
    const first = await scene.relay.connection(1);
    await first.identified();
    for (let offset = 1; offset <= 2_000; offset += 1) first.send(messageFrame(offset));
    await settle();
    scene.environment.advance(120_000);
    expect(scene.client.state.state).toBe('live');
    scene.handle();
    await waitUntil('all', () => scene.offsets.length === 2_000);
    expect(scene.offsets).toEqual(Array.from({ length: 2_000 }, (_, index) => index + 1));
    expect(scene.relay.connections).toHaveLength(1);
  });

  it('[SDK-9] if it cannot stop reading it disconnects, and fetches the rest when there is room', async () => {
    scene.environment = new TestEnvironment({ canPause: false });
    scene.start({ inboxMessagesMax: 10 });
    const first = await scene.relay.connection(1);
    await first.identified();
    for (let offset = 1; offset <= 20; offset += 1) first.send(messageFrame(offset));
    await scene.inState('waiting');
    expect(scene.client.state).toMatchObject({ retryInMs: null, error: { code: 'inbox_full' } });
    scene.environment.wake();
    scene.environment.advance(60_000);
    expect(scene.client.state.state).toBe('waiting');
    scene.handle();
    const second = await scene.relay.connection(2);
    const { resume } = await second.identified({ offset: 10, head: 20 });
    // The start of the stream is a step too, and may still be in the inbox.
    expect([10, 11]).toContain((resume as Cursor).offsets['1']);
  });
});
