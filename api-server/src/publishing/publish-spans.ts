import type { StoredMessage } from '@postline/message-store';
import type { PublishStatus } from '@postline/protocol';
import type { RecordedSpan, SpanAttributes, TraceHeaders, Tracing } from '@postline/service-runtime';

/** OpenTelemetry keeps no more links of a span by default. */
const COMMIT_LINKS_MAX = 128;

/** A request as its span names it. */
export interface TracedRequest {
  readonly headers: TraceHeaders;
  readonly method: string;
  /** The path of its route. */
  readonly route: string;
}

/** The span of one publish, from the request to its answer. */
export interface PublishSpan extends Pick<RecordedSpan, 'traceparent' | 'link'> {
  /** Begins the span of publishing its hints. */
  startHints(messages: readonly StoredMessage[]): HintsSpan | undefined;
  end(status: number): void;
}

interface HintsSpan {
  /** Travels with each hint. */
  readonly traceparent: string;
  end(status: PublishStatus): void;
}

interface CommitSpan {
  end(error: Error | undefined): void;
}

/** Begins the span of a commit that these publishes share; a publish that is not traced is undefined. */
export type StartCommitSpan = (
  publishes: readonly (PublishSpan | undefined)[],
  messageCount: number,
) => CommitSpan | undefined;

/** The spans of publishes: request, commit, hints. */
export class PublishSpans {
  readonly #tracing: Tracing;

  constructor(tracing: Tracing) {
    this.#tracing = tracing;
  }

  startRequest({ headers, method, route }: TracedRequest): PublishSpan | undefined {
    const span = this.#tracing.start({
      name: `${method} ${route}`,
      kind: 'server',
      parent: headers,
      attributes: { 'http.request.method': method, 'http.route': route },
    });
    return span && new TracedPublish(span, this.#tracing);
  }

  /**
   * A child of the first publish, so that the sampler's decision about that one holds for it, and linked to and from the
   * others.
   */
  readonly startCommit: StartCommitSpan = (publishes, messageCount) => {
    const traced = publishes.filter((publish) => publish !== undefined);
    const [first] = traced;
    if (first === undefined) return undefined;
    const span = this.#tracing.start({
      name: 'commit',
      kind: 'internal',
      parent: first.traceparent,
      links: traced.slice(0, COMMIT_LINKS_MAX).map(({ traceparent }) => traceparent),
      attributes: {
        'db.operation.batch.size': messageCount,
        'postline.commit.requests': publishes.length,
      },
    });
    if (span === undefined) return undefined;
    for (const publish of traced) if (publish !== first) publish.link(span.traceparent);
    return {
      end: (error) => {
        span.end({ error: error?.name });
      },
    };
  };
}

class TracedPublish implements PublishSpan {
  readonly #span: RecordedSpan;
  readonly #tracing: Tracing;

  constructor(span: RecordedSpan, tracing: Tracing) {
    this.#span = span;
    this.#tracing = tracing;
  }

  get traceparent(): string {
    return this.#span.traceparent;
  }

  link(traceparent: string): void {
    this.#span.link(traceparent);
  }

  startHints(messages: readonly StoredMessage[]): HintsSpan | undefined {
    const span = this.#tracing.start({
      name: 'publish hints',
      kind: 'producer',
      parent: this.traceparent,
      attributes: messagingAttributes(messages),
    });
    return (
      span && {
        traceparent: span.traceparent,
        end: (status) => {
          span.end({ error: status === 'stored' ? 'bus_unavailable' : undefined });
        },
      }
    );
  }

  end(status: number): void {
    const error = status >= 500 ? String(status) : undefined;
    this.#span.end({ error, attributes: { 'http.response.status_code': status } });
  }
}

/** The target of a batch's messages is not repeated for each of them. */
function messagingAttributes(messages: readonly StoredMessage[]): SpanAttributes {
  const [message] = messages;
  if (message === undefined || messages.length > 1)
    return { ...MESSAGING, 'messaging.batch.message_count': messages.length };
  return {
    ...MESSAGING,
    'messaging.destination.name': message.targetId,
    'messaging.message.id': message.id,
    'postline.offset': message.offset,
  };
}

const MESSAGING: SpanAttributes = {
  'messaging.system': 'postline',
  'messaging.operation.type': 'send',
  'messaging.operation.name': 'publish',
};
