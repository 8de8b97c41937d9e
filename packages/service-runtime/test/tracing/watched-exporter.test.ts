import { type ExportResult, ExportResultCode } from '@opentelemetry/core';
import { describe, expect, it } from 'vitest';
import { WatchedExporter } from '../../src/tracing/watched-exporter.ts';

const SUCCESS: ExportResult = { code: ExportResultCode.SUCCESS };

function failure(message: string, fields: object = {}): ExportResult {
  return { code: ExportResultCode.FAILED, error: Object.assign(new Error(message), fields) };
}

/** Passes each result on, and returns the lines that were logged. */
function linesAfter(results: readonly ExportResult[]): string[] {
  const lines: string[] = [];
  const log = (level: string) => (fields: object, text: string) =>
    void lines.push(`${level} ${text} ${JSON.stringify(fields)}`);
  const left = [...results];
  const exporter = new WatchedExporter(
    {
      export: (_spans, onResult) => {
        onResult(left.shift() ?? SUCCESS);
      },
      shutdown: () => Promise.resolve(),
    },
    { warn: log('warn'), info: log('info') } as never,
  );
  const passedOn: ExportResult[] = [];
  results.forEach(() => {
    exporter.export([], (result) => void passedOn.push(result));
  });
  expect(passedOn).toEqual(results);
  return lines;
}

describe('an outage of the collector', () => {
  const refused = failure('connect ECONNREFUSED 127.0.0.1:4318', { code: 'ECONNREFUSED' });

  it('[TRC-5] is logged once when it begins, and once when it ends', () => {
    const lines = linesAfter([SUCCESS, refused, refused, refused, SUCCESS, SUCCESS, refused]);
    expect(lines.map((line) => line.split(' {')[0])).toEqual([
      "warn The trace collector can't be used: connection refused (ECONNREFUSED). Spans are dropped; messages are not affected.",
      'info The trace collector works again',
      "warn The trace collector can't be used: connection refused (ECONNREFUSED). Spans are dropped; messages are not affected.",
    ]);
  });

  it.each([
    { result: failure('Unauthorized', { code: 401, data: 'secret' }), reason: 'it answered 401' },
    { result: failure('Request timed out'), reason: 'timed out' },
    { result: failure('secret'), reason: 'it did not take spans in time' },
  ])('[TRC-5] says $reason, and nothing that the collector wrote', ({ result, reason }) => {
    const [line = ''] = linesAfter([result]);
    expect(line).toContain(`can't be used: ${reason}.`);
    expect(line).not.toMatch(/secret|127\.0\.0\.1/);
  });
});
