import { randomUUID } from 'node:crypto';
import {
  describeBusFault,
  type HintPublisher,
  type HintSubscriber,
  type MessageBus,
} from '@postline/message-bus';
import { createRedisMessageBus } from '@postline/message-bus/redis';
import { effectiveUrls, redisConnections, withDeadline } from '@postline/service-runtime';
import type { DoctorSettings } from './doctor-settings.ts';
import { fault, type Finding, ok } from './finding.ts';
import { redisAdvice } from './redis-advice.ts';

const CHECK = 'redis';
/** Longer than the services take to connect. */
const ECHO_MS_MAX = 5_000;

/** Publishes a random text on a separate channel, and expects it on another connection. */
export async function checkRedis(settings: DoctorSettings): Promise<readonly Finding[]> {
  const { redisUrl } = effectiveUrls(settings);
  if (redisUrl === undefined) return [];
  const bus = createRedisMessageBus({ redisUrl, ...redisConnections(settings) });
  const echo = new HintEcho(bus);
  try {
    const tookMs = await withDeadline(echo.measure(), { what: 'Redis', milliseconds: ECHO_MS_MAX });
    return [ok(CHECK, `a hint came back in ${tookMs.toFixed(0)} ms`)];
  } catch (error) {
    const { kind, text } = describeBusFault(error);
    return [fault(CHECK, text, redisAdvice(kind))];
  } finally {
    await echo.close();
  }
}

class HintEcho {
  readonly #nonce = randomUUID();
  readonly #subscriber: HintSubscriber;
  readonly #publisher: HintPublisher;
  readonly #isSubscriberUp: Promise<void>;
  readonly #isPublisherUp: Promise<void>;
  readonly #echo: Promise<void>;

  constructor(bus: MessageBus) {
    let onEcho = (): void => undefined;
    this.#echo = new Promise((resolve) => {
      onEcho = resolve;
    });
    const subscriber = upOrFault();
    this.#isSubscriberUp = subscriber.isUp;
    this.#subscriber = bus.createSubscriber({
      ...subscriber.events,
      onHint: (_targetId, payload) => {
        if (payload === this.#nonce) onEcho();
      },
    });
    const publisher = upOrFault();
    this.#isPublisherUp = publisher.isUp;
    this.#publisher = bus.createPublisher(publisher.events);
  }

  /** Resolves to milliseconds. Rejects with the first fault. */
  async measure(): Promise<number> {
    const targetId = `_doctor.${this.#nonce}`;
    await Promise.all([this.#isSubscriberUp, this.#isPublisherUp]);
    await this.#subscriber.subscribe(targetId);
    const sentAtMs = performance.now();
    await this.#publisher.publish([{ targetId, frame: this.#nonce }]);
    await this.#echo;
    return performance.now() - sentAtMs;
  }

  async close(): Promise<void> {
    await Promise.all([this.#subscriber.close(), this.#publisher.close()]);
  }
}

/** The event handlers for a publisher or subscriber, and a promise of its first state. */
function upOrFault() {
  let onUp = (): void => undefined;
  let onFault: (error: Error) => void = () => undefined;
  const isUp = new Promise<void>((resolve, reject) => {
    onUp = resolve;
    onFault = reject;
  });
  isUp.catch(() => undefined); // if there are two faults, only one is reported
  const onState = (state: 'up' | 'down') => {
    if (state === 'up') onUp();
  };
  return { isUp, events: { onState, onFault: (error: Error) => onFault(error) } };
}
