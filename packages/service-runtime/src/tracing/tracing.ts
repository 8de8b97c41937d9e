/** Values of a span's attributes. They never hold texts of messages, tokens or keys. */
export type SpanAttributes = Readonly<Record<string, string | number>>;

/** `traceparent` and `tracestate` as a request brought them. */
export type TraceHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

export interface SpanStart {
  readonly name: string;
  readonly kind: 'server' | 'internal' | 'producer' | 'consumer';
  /** The headers of the caller, or the `traceparent` of a span. Without a valid one, the span begins a trace. */
  readonly parent?: TraceHeaders | string;
  /** The `traceparent` of other spans that led to this one. */
  readonly links?: readonly string[];
  readonly attributes?: SpanAttributes;
  /** Milliseconds since 1970; now if left out. */
  readonly startMs?: number;
}

/** A span that is recorded, until `end`. Nothing of it throws or waits. */
export interface RecordedSpan {
  /** Identifies the span to others: `00-<trace id>-<span id>-01`. */
  readonly traceparent: string;
  /** Links it to another span, by its `traceparent`. */
  link(traceparent: string): void;
  /** Ends the span; with `error`, a code, as failed. */
  end(result?: { readonly error?: string | undefined; readonly attributes?: SpanAttributes }): void;
}

/** Records spans and exports them. A service has one only if tracing is on. */
export interface Tracing {
  /** Begins a span; undefined if the sampler leaves it out. */
  start(span: SpanStart): RecordedSpan | undefined;
  /** Exports what was recorded, within a second. Never rejects. */
  close(): Promise<void>;
}
