import { startTraceCollector, waitUntil } from '@postline/test-support';
import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { readSettings, SettingsError } from '../../src/settings/settings.ts';
import { tracingSettings } from '../../src/tracing/tracing-settings.ts';
import { startTracing } from '../../src/tracing/start-tracing.ts';
import { createLogger } from '../../src/logging/logger.ts';

const ENDPOINT = 'http://127.0.0.1:4318';
/** The first export loads the exporter, here from many small files. */
const LOAD_MS = 120_000;
const logger = createLogger({ service: 'test', level: 'silent' });
const read = (env: Record<string, string>) => readSettings(z.object(tracingSettings), env);
const start = (env: Record<string, string>) => startTracing(read(env), { service: 'test', logger });

describe('tracing', () => {
  it.each([
    {},
    { OTEL_EXPORTER_OTLP_ENDPOINT: '' },
    { OTEL_EXPORTER_OTLP_ENDPOINT: ENDPOINT, OTEL_SDK_DISABLED: 'True' },
    { OTEL_EXPORTER_OTLP_ENDPOINT: ENDPOINT, OTEL_TRACES_EXPORTER: 'none' },
  ])('[TRC-1] is off with %j', async (env) => {
    expect(await start(env)).toBeUndefined();
  });

  it.each([
    { OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318' },
    { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' },
    { OTEL_TRACES_EXPORTER: 'jaeger' },
    { OTEL_TRACES_SAMPLER: 'sometimes' },
    { OTEL_TRACES_SAMPLER_ARG: '2' },
  ])('[TRC-1] %j is refused', (env) => {
    expect(() => read(env)).toThrow(SettingsError);
  });

  it.each([
    { protocol: {}, type: 'application/x-protobuf' },
    { protocol: { OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' }, type: 'application/json' },
  ])(
    '[TRC-1] exports as $type',
    async ({ protocol, type }) => {
      const collector = await startTraceCollector();
      vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', collector.url);
      const tracing = await start({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, ...protocol });
      tracing?.start({ name: 'a span', kind: 'internal' })?.end();
      vi.unstubAllEnvs();
      await tracing?.close();
      await waitUntil('it arrived', () => collector.requests.length > 0, LOAD_MS);
      const [request] = collector.requests;
      expect(request?.path).toBe('/v1/traces');
      expect(request?.headers['content-type']).toBe(type);
      expect(request?.body.includes('a span')).toBe(true);
      await collector.stop();
    },
    LOAD_MS,
  );
});
