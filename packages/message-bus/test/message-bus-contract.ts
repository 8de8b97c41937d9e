import { waitUntil } from '@postline/test-support';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  BusUnavailableError,
  type HintPublisher,
  type HintSubscriber,
  type MessageBus,
} from '../src/index.ts';
import { recordEvents } from './recorded-events.ts';

/**
 * For tests in which every publish must succeed: Redis answers in a millisecond, but a busy test machine may need longer
 * than a service waits.
 */
export const PATIENT_PUBLISHER = { publishDeadlineMs: 2_000 } as const;

const LONGEST_TEXT = '\u{1F600}'.repeat(16_383);

/** Every kind of bus passes this suite. `createBus` gives one that nobody else uses. */
export function describeMessageBus(kind: string, createBus: () => MessageBus): void {
  describe(`${kind} message bus`, () => {
    let bus: MessageBus;
    const ends: { close(): Promise<void> }[] = [];

    beforeEach(() => {
      bus = createBus();
    });
    afterEach(async () => {
      await Promise.all(ends.splice(0).map((end) => end.close()));
    });

    async function readyPublisher(): Promise<HintPublisher> {
      const publisher = bus.createPublisher();
      ends.push(publisher);
      await waitUntil('the publisher is ready', () => publisher.checkReady().then(() => true));
      return publisher;
    }

    async function upSubscriber(
      events = recordEvents(),
    ): Promise<{ subscriber: HintSubscriber; hints: string[] }> {
      const subscriber = bus.createSubscriber(events);
      ends.push(subscriber);
      await waitUntil('the first up', () => events.states.includes('up'));
      return { subscriber, hints: events.hints };
    }

    it('[BUS-1] a hint published after subscribe resolved reaches the subscriber, as it was given', async () => {
      const publisher = await readyPublisher();
      const { subscriber, hints } = await upSubscriber();
      await subscriber.subscribe('bob');

      await publisher.publish([
        { targetId: 'bob', frame: '{"a":"\u0000 \\u0000 é \u{1F600}"}' },
        { targetId: 'bob', frame: LONGEST_TEXT },
      ]);

      await waitUntil('both came', () => hints.length === 2);
      expect(hints).toEqual(['bob {"a":"\u0000 \\u0000 é \u{1F600}"}', `bob ${LONGEST_TEXT}`]);
    });

    it('[BUS-1] it reaches every subscriber of its target, and only those', async () => {
      const publisher = await readyPublisher();
      const first = await upSubscriber();
      const second = await upSubscriber();
      const lookAlikes = ['bob', 'Bob', 'bob.', 'bo', 'bobb', 'group:bob', '1', '01', 'constructor', 'a:b@c'];
      await Promise.all(lookAlikes.map((targetId) => first.subscriber.subscribe(targetId)));
      await second.subscriber.subscribe('bob');
      await second.subscriber.subscribe('end');

      const targets = [...lookAlikes, 'nobody', 'end'];
      await publisher.publish(targets.map((targetId) => ({ targetId, frame: `for ${targetId}` })));

      await waitUntil(
        'all came',
        () => first.hints.length === lookAlikes.length && second.hints.length === 2,
      );
      expect(first.hints).toEqual(lookAlikes.map((targetId) => `${targetId} for ${targetId}`));
      expect(second.hints).toEqual(['bob for bob', 'end for end']);
    });

    it('[BUS-1] hints of one publisher arrive in its order', async () => {
      const publisher = await readyPublisher();
      const { subscriber, hints } = await upSubscriber();
      await Promise.all([subscriber.subscribe('a'), subscriber.subscribe('b')]);

      const frames = Array.from({ length: 500 }, (_, index) => ({
        targetId: index % 2 ? 'a' : 'b',
        frame: `${index}`,
      }));
      await Promise.all(frames.map((hint) => publisher.publish([hint])));

      await waitUntil('all came', () => hints.length === frames.length);
      expect(hints).toEqual(frames.map((hint) => `${hint.targetId} ${hint.frame}`));
    });

    it('[BUS-1] thousands of targets that are subscribed at once are all confirmed', async () => {
      const publisher = await readyPublisher();
      const { subscriber, hints } = await upSubscriber();
      const targets = Array.from({ length: 3_500 }, (_, index) => `client-${index}`);
      await Promise.all(targets.map((targetId) => subscriber.subscribe(targetId)));

      await publisher.publish(targets.map((targetId) => ({ targetId, frame: 'x' })));

      await waitUntil('all came', () => hints.length === targets.length);
      expect(hints).toEqual(targets.map((targetId) => `${targetId} x`));
    });

    it('[BUS-1] a target can be subscribed again and again, and is handed out once', async () => {
      const publisher = await readyPublisher();
      const { subscriber, hints } = await upSubscriber();
      await Promise.all([subscriber.subscribe('a'), subscriber.subscribe('a')]);
      await subscriber.subscribe('a');
      await subscriber.subscribe('end');

      await publisher.publish([{ targetId: 'a', frame: '1' }]);
      await publisher.publish([{ targetId: 'end', frame: '2' }]);

      await waitUntil('the end', () => hints.includes('end 2'));
      expect(hints).toEqual(['a 1', 'end 2']);
    });

    it('[BUS-1] nothing is handed out after unsubscribe, also while a hint is on its way', async () => {
      const publisher = await readyPublisher();
      const { subscriber, hints } = await upSubscriber();
      await subscriber.subscribe('a');
      await subscriber.subscribe('end');

      const published = publisher.publish([{ targetId: 'a', frame: '1' }]);
      subscriber.unsubscribe('a');
      await published;
      await publisher.publish([{ targetId: 'a', frame: '2' }]);
      await publisher.publish([{ targetId: 'end', frame: '3' }]);

      await waitUntil('the end', () => hints.includes('end 3'));
      expect(hints).toEqual(['end 3']);
    });

    it('[BUS-1] of subscribe and unsubscribe the last call wins', async () => {
      const publisher = await readyPublisher();
      const { subscriber, hints } = await upSubscriber();
      const early = subscriber.subscribe('on');
      subscriber.unsubscribe('on');
      const late = subscriber.subscribe('on');
      const given = subscriber.subscribe('off');
      subscriber.unsubscribe('off');
      await Promise.all([early, late, given, subscriber.subscribe('end')]);
      subscriber.unsubscribe('on');
      await subscriber.subscribe('on');
      subscriber.unsubscribe('never subscribed');

      await publisher.publish(['on', 'off', 'end'].map((targetId) => ({ targetId, frame: 'x' })));

      await waitUntil('the end', () => hints.includes('end x'));
      expect(hints).toEqual(['on x', 'end x']);
    });

    it('[SEC-5] a notice on a control channel reaches everyone who listens on it, and nobody else', async () => {
      const publisher = await readyPublisher();
      const notices: string[] = [];
      const noticesOfSecond: string[] = []; // no order is promised between two subscribers
      const { subscriber, hints } = await upSubscriber();
      await subscriber.listen('disconnects', () => notices.push('replaced'));
      await subscriber.listen('disconnects', () => notices.push('disconnects'));
      await subscriber.listen('members', () => notices.push('members'));
      await subscriber.subscribe('disconnects');
      await subscriber.subscribe('end');
      const second = await upSubscriber();
      await second.subscriber.listen('members', () => noticesOfSecond.push('members'));

      await publisher.notify('disconnects');
      await publisher.publish([{ targetId: 'disconnects', frame: 'a hint' }]);
      await publisher.notify('members');
      await publisher.publish([{ targetId: 'end', frame: 'x' }]);

      await waitUntil('all came', () => hints.length === 2 && notices.length + noticesOfSecond.length === 3);
      expect(notices).toEqual(['disconnects', 'members']);
      expect(noticesOfSecond).toEqual(['members']);
      expect([hints, second.hints]).toEqual([['disconnects a hint', 'end x'], []]);
    });

    it('publishing nothing, or for nobody, resolves', async () => {
      const publisher = await readyPublisher();
      await publisher.publish([]);
      await publisher.publish([{ targetId: 'nobody', frame: 'x' }]);
    });

    it('[BUS-3] says up once for each change, and is ready then', async () => {
      const events = recordEvents();
      const { subscriber } = await upSubscriber(events);
      await subscriber.checkReady();
      expect(subscriber.state).toBe('up');
      expect(events.states).toEqual(['up']);
    });

    it('[BUS-2] a closed end rejects, hands out nothing and says nothing', async () => {
      const publisher = await readyPublisher();
      const closedPublisher = await readyPublisher();
      const events = recordEvents();
      const { subscriber, hints } = await upSubscriber(events);
      await subscriber.subscribe('a');
      await closedPublisher.close();
      await closedPublisher.close();
      const closing = subscriber.close();
      await publisher.publish([{ targetId: 'a', frame: 'x' }]);
      await closing;
      await subscriber.close();

      await expect(closedPublisher.publish([{ targetId: 'a', frame: 'x' }])).rejects.toThrow(
        BusUnavailableError,
      );
      await expect(closedPublisher.notify('members')).rejects.toThrow(BusUnavailableError);
      await expect(closedPublisher.checkReady()).rejects.toThrow(BusUnavailableError);
      await expect(subscriber.subscribe('b')).rejects.toThrow(BusUnavailableError);
      await expect(subscriber.listen('members', () => undefined)).rejects.toThrow(BusUnavailableError);
      await expect(subscriber.checkReady()).rejects.toThrow(BusUnavailableError);
      expect(subscriber.state).toBe('down');
      expect(hints).toEqual([]);
      expect(events.states).toEqual(['up']);
    });

    it('a subscriber that throws harms neither the publisher nor other subscribers', async () => {
      const publisher = await readyPublisher();
      const uncaught: unknown[] = [];
      const restore = catchUncaught((error) => uncaught.push(error));
      const throwing = {
        ...recordEvents(),
        onHint: () => {
          throw new Error('broken subscriber');
        },
      };
      const broken = await upSubscriber(throwing);
      const healthy = await upSubscriber();
      await Promise.all([broken.subscriber.subscribe('a'), healthy.subscriber.subscribe('a')]);

      await publisher.publish([
        { targetId: 'a', frame: '1' },
        { targetId: 'a', frame: '2' },
      ]);

      await waitUntil('both came', () => healthy.hints.length === 2 && uncaught.length === 2);
      restore();
      expect(healthy.hints).toEqual(['a 1', 'a 2']);
      expect(String(uncaught[0])).toContain('broken subscriber');
      await broken.subscriber.checkReady();
    });
  });
}

/** Takes over what would end the process; returns the way back. */
function catchUncaught(onUncaught: (error: unknown) => void): () => void {
  const before = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  process.on('uncaughtException', onUncaught);
  return () => {
    process.removeAllListeners('uncaughtException');
    for (const listener of before) process.on('uncaughtException', listener);
  };
}
