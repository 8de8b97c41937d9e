import { type ExportResult, ExportResultCode } from '@opentelemetry/core';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace-base';
import { type FaultReason, networkFault } from '../health/fault-reason.ts';
import { OutageLog } from '../health/outage-log.ts';
import type { Logger } from '../logging/logger.ts';

/** Passes spans on, and logs when the collector stops to take them and when it takes them again. */
export class WatchedExporter implements SpanExporter {
  readonly #exporter: SpanExporter;
  readonly #log: OutageLog;

  constructor(exporter: SpanExporter, logger: Pick<Logger, 'warn' | 'info'>) {
    this.#exporter = exporter;
    this.#log = new OutageLog({
      logger,
      fields: { part: 'tracing' },
      describe: (reason) =>
        `The trace collector can't be used: ${reason}. Spans are dropped; messages are not affected.`,
      over: 'The trace collector works again',
    });
  }

  export(spans: ReadableSpan[], onResult: (result: ExportResult) => void): void {
    this.#exporter.export(spans, (result) => {
      if (result.code === ExportResultCode.SUCCESS) this.#log.worked();
      else this.#log.failed(describeExportFault(result.error));
      onResult(result);
    });
  }

  forceFlush(): Promise<void> {
    return this.#exporter.forceFlush?.() ?? Promise.resolve();
  }

  shutdown(): Promise<void> {
    return this.#exporter.shutdown();
  }
}

/** Without the error's message: that is a text of the collector. */
function describeExportFault(error: Error | undefined): FaultReason {
  const fault = networkFault(error);
  if (fault !== undefined) return fault;
  if (error !== undefined && 'code' in error && typeof error.code === 'number')
    return { kind: `status ${error.code}`, text: `it answered ${error.code}` };
  if (error?.message === 'Request timed out') return { kind: 'timed-out', text: 'timed out' };
  return { kind: 'other', text: 'it did not take spans in time' };
}
