import { setTimeout as sleep } from 'node:timers/promises';
import { waitUntil } from '@postline/test-support';
import type { HintPublisher, HintSubscriber } from '../../../src/index.ts';
import { createRedisMessageBus } from '../../../src/redis/index.ts';
import { recordEvents, type RecordedEvents } from '../../recorded-events.ts';

const EVERY_MS = 20;
/** One second of unbroken traffic. */
const IN_A_ROW = 50;

interface SentHint {
  readonly atMs: number;
  /** `sent` to the publisher of a message, `stored`, or not answered yet. */
  outcome: 'sent' | 'stored' | undefined;
  hasArrived: boolean;
}

/**
 * Publishes a numbered hint every 20 ms on one bus and receives on another, as an API and a relay do, and notes what
 * becomes of each. Times are those of `performance.now()`.
 */
export class HintTraffic {
  readonly publisherEvents: RecordedEvents = recordEvents();
  readonly subscriberEvents: RecordedEvents;
  readonly #hints: SentHint[] = [];
  readonly #publisher: HintPublisher;
  readonly #subscriber: HintSubscriber;
  readonly #running: Promise<void>;
  #isStopped = false;

  private constructor(redisUrl: string) {
    this.subscriberEvents = {
      ...recordEvents(),
      onHint: (_targetId, payload) => {
        const hint = this.#hints[Number(payload)];
        if (hint !== undefined) hint.hasArrived = true;
      },
    };
    const bus = () => createRedisMessageBus({ redisUrl, prefix: 'traffic:' });
    this.#publisher = bus().createPublisher(this.publisherEvents);
    this.#subscriber = bus().createSubscriber(this.subscriberEvents);
    void this.#subscriber.subscribe('a').catch(() => undefined);
    this.#running = this.#run();
  }

  /** Resolves once hints flow. */
  static async start(redisUrl: string): Promise<HintTraffic> {
    const traffic = new HintTraffic(redisUrl);
    await traffic.flowsAfter(0);
    return traffic;
  }

  /** Resolves with the time from which on every hint arrives, once that has lasted for a second. */
  flowsAfter(sinceMs: number, withinMs = 20_000): Promise<number> {
    return waitUntil('every hint arrives', () => this.#flowingSince(sinceMs), withinMs);
  }

  /** When the last hint of this time was published that was called `sent` and has not arrived. */
  lastMisdirectedMs(fromMs: number, toMs: number): number | undefined {
    return this.#hints.findLast(
      ({ atMs, outcome, hasArrived }) => atMs >= fromMs && atMs < toMs && outcome === 'sent' && !hasArrived,
    )?.atMs;
  }

  storedCount(sinceMs: number): number {
    return this.#hints.filter(({ atMs, outcome }) => atMs >= sinceMs && outcome === 'stored').length;
  }

  /** When the last hint before that time was published that arrived. */
  lastArrivedMs(beforeMs: number): number | undefined {
    return this.#hints.findLast(({ atMs, hasArrived }) => atMs < beforeMs && hasArrived)?.atMs;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#running;
    await Promise.all([this.#publisher.close(), this.#subscriber.close()]);
  }

  #flowingSince(sinceMs: number): number | undefined {
    const last = this.#hints.findLastIndex(({ hasArrived }) => hasArrived);
    let first = last;
    while (this.#hints[first - 1]?.hasArrived === true) first -= 1;
    const begin = this.#hints[first];
    return begin !== undefined && last - first >= IN_A_ROW && this.#hints[last - IN_A_ROW]!.atMs >= sinceMs
      ? Math.max(begin.atMs, sinceMs)
      : undefined;
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      const hint: SentHint = { atMs: performance.now(), outcome: undefined, hasArrived: false };
      const number = this.#hints.push(hint) - 1;
      this.#publisher.publish([{ targetId: 'a', frame: String(number) }]).then(
        () => (hint.outcome = 'sent'),
        () => (hint.outcome = 'stored'),
      );
      await sleep(EVERY_MS);
    }
  }
}
