import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PostlineClientBase } from '../../src/postline-client-base.ts';
import { ModelRelay } from '../support/model-relay.ts';
import { TestEnvironment } from '../support/test-environment.ts';

/** Resolves when nothing more can happen without time passing: the model answers in microtasks. */
async function settle(): Promise<void> {
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
  client.on('message', async ({ offset }) => {
    await Promise.resolve();
    if (failuresToCome > 0) {
      failuresToCome -= 1;
      throw new Error('not now');
    }
    handled.push(offset);
  });
  await settle();
  for (const { kind, ...what } of events as readonly (Event & Record<string, never>)[]) {
    if (kind === 'publish') relay.head += what['count'];
    if (kind === 'publish') relay.deliver();
    if (kind === 'close') relay.close(what['code']);
    if (kind === 'repeat') relay.repeats = what['count'];
    if (kind === 'skip') relay.skip();
    if (kind === 'wake') environment.wake();
    if (kind === 'fail') failuresToCome = what['times'];
    if (kind === 'time') environment.advance(what['ms']);
    await settle();
  }
  for (let turn = 0; turn < 60 && handled.length < relay.head; turn += 1) {
    relay.deliver();
    environment.advance(60_000);
    await settle();
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
