import type { Envelope } from '@postline/protocol';
import type { Tracing } from '@postline/service-runtime';

/** OpenTelemetry keeps no more links of a span by default. */
const LINKS_MAX = 128;

/** A message whose publish is traced. */
export interface TracedMessage extends Pick<Envelope, 'targetId' | 'offset'> {
  readonly traceparent: string;
}

/** Messages of one target that are written at the end of this turn of the event loop. */
interface Send {
  readonly startMs: number;
  readonly first: TracedMessage;
  last: TracedMessage;
  messages: number;
  /** Of the message with the most. */
  connections: number;
  readonly traceparents: Set<string>;
}

/**
 * The spans of sending messages whose publish is traced, one for each target and turn of the event loop. What is read from
 * the log has none: the log does not keep who traced a message.
 */
export class SendSpans {
  readonly #tracing: Tracing;
  /** By target. */
  readonly #sends = new Map<string, Send>();

  constructor(tracing: Tracing) {
    this.#tracing = tracing;
  }

  /** A message of a hint was handed to sockets, which are written at the end of the turn. */
  onHinted(message: TracedMessage, connections: number): void {
    const { targetId, traceparent } = message;
    const send = this.#sends.get(targetId);
    if (send === undefined) {
      const traceparents = new Set([traceparent]);
      const first = message;
      this.#sends.set(targetId, {
        startMs: Date.now(),
        first,
        last: first,
        messages: 1,
        connections,
        traceparents,
      });
      return;
    }
    send.last = message;
    send.messages += 1;
    send.connections = Math.max(send.connections, connections);
    if (send.traceparents.size < LINKS_MAX) send.traceparents.add(traceparent);
  }

  /** The turn has ended: everything was written. */
  onWritten(): void {
    if (this.#sends.size === 0) return;
    for (const [targetId, send] of this.#sends) this.#record(targetId, send);
    this.#sends.clear();
  }

  /** A child of the first publish, so that the sampler's decision about that one holds for it, and linked to all. */
  #record(targetId: string, { startMs, first, last, messages, connections, traceparents }: Send): void {
    const span = this.#tracing.start({
      name: 'send messages',
      kind: 'consumer',
      parent: first.traceparent,
      links: [...traceparents],
      startMs,
      attributes: {
        'messaging.system': 'postline',
        'messaging.operation.type': 'process',
        'messaging.operation.name': 'send',
        'messaging.destination.name': targetId,
        'messaging.batch.message_count': messages,
        'postline.offset': first.offset,
        'postline.offset.last': last.offset,
        'postline.connections': connections,
      },
    });
    span?.end();
  }
}
