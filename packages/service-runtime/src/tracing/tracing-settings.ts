import { z } from 'zod';
import { urlSetting } from '../settings/settings.ts';

const PROTOCOLS = ['http/protobuf', 'http/json'] as const;
const SAMPLERS = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;
export type TracingProtocol = (typeof PROTOCOLS)[number];

function protocolSetting() {
  return z.enum(PROTOCOLS, { error: 'must be http/protobuf or http/json' }).optional();
}

/** Switches tracing on. OpenTelemetry reads these and its further variables itself (docs/tracing.md). */
export const tracingSettings = {
  OTEL_EXPORTER_OTLP_ENDPOINT: urlSetting(['http:', 'https:']).optional().meta({
    description:
      'Switches [tracing](tracing.md) on: base URL of an OpenTelemetry collector, for example `http://collector:4318`. Default: no tracing.',
  }),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: urlSetting(['http:', 'https:'])
    .optional()
    .meta({ description: 'Or: the whole URL, for example `http://collector:4318/v1/traces`.' }),
  OTEL_EXPORTER_OTLP_PROTOCOL: protocolSetting().meta({
    description: '`http/protobuf` (default) or `http/json`. There is no gRPC.',
  }),
  OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: protocolSetting().meta({ description: 'Or: for traces alone.' }),
  OTEL_TRACES_EXPORTER: z
    .enum(['otlp', 'none'], { error: 'must be otlp or none' })
    .optional()
    .meta({ description: '`none`: no tracing, also with an endpoint.' }),
  OTEL_TRACES_SAMPLER: z
    .enum(SAMPLERS, { error: `must be one of ${SAMPLERS.join(', ')}` })
    .optional()
    .meta({
      description:
        'Which traces are recorded, for example `parentbased_traceidratio`. Default: `parentbased_always_on`, which follows the caller and records all others.',
    }),
  OTEL_TRACES_SAMPLER_ARG: z
    .string()
    .refine((text) => Number(text) >= 0 && Number(text) <= 1, { error: 'must be a number from 0 to 1' })
    .optional()
    .meta({ description: 'The share of traces that a sampler with `traceidratio` records: 0 to 1.' }),
  OTEL_SDK_DISABLED: z
    .string()
    .transform((text) => text.toLowerCase() === 'true')
    .optional()
    .meta({ description: '`true`: no tracing, also with an endpoint.' }),
};

export type TracingSettings = Readonly<{
  [Name in keyof typeof tracingSettings]?: z.output<(typeof tracingSettings)[Name]>;
}>;

export function isTracingOn(env: TracingSettings): boolean {
  const endpoint = env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ?? env.OTEL_EXPORTER_OTLP_ENDPOINT;
  return endpoint !== undefined && env.OTEL_TRACES_EXPORTER !== 'none' && env.OTEL_SDK_DISABLED !== true;
}

export function tracingProtocol(env: TracingSettings): TracingProtocol {
  return env.OTEL_EXPORTER_OTLP_TRACES_PROTOCOL ?? env.OTEL_EXPORTER_OTLP_PROTOCOL ?? 'http/protobuf';
}
