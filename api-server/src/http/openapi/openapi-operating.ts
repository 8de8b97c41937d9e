import { z } from 'zod';
import type { ZodOpenApiOperationObject, ZodOpenApiPathsObject } from 'zod-openapi';
import { ANYWHERE, JSON_TYPE, OPEN, problems } from './openapi-parts.ts';

/** The requests of load balancers, monitoring and people. */
export function operatingPaths(): ZodOpenApiPathsObject {
  const health = z.object({ status: z.literal('ok') });
  return {
    '/healthz': { get: operatingOperation('health', 'The process is alive', health) },
    '/readyz': { get: readinessOperation() },
    '/metrics': { get: operatingOperation('metrics', 'Figures for Prometheus', z.string(), 'text/plain') },
    '/openapi.json': { get: operatingOperation('openapi', 'This description', z.looseObject({})) },
  };
}

const PART_STATE = z.object({
  status: z.enum(['up', 'down']),
  since: z.string().meta({ description: 'ISO 8601 time.' }),
  reason: z.string().optional().meta({ description: 'Why it is down.' }),
});

function readinessOperation(): ZodOpenApiOperationObject {
  const schema = z.object({
    status: z.enum(['ready', 'degraded', 'not_ready']),
    parts: z.object({ database: PART_STATE, bus: PART_STATE }),
    warnings: z.array(z.string()),
  });
  const up = { status: 'up' as const, since: '2026-11-23T00:00:00.000Z' };
  const example = { status: 'ready' as const, parts: { database: up, bus: up }, warnings: [] };
  return {
    operationId: 'readiness',
    tags: ['Operating'],
    security: OPEN,
    summary: 'Whether the service can do its work',
    responses: {
      200: {
        description: '`ready`, or `degraded`: Redis is down; publishing and delivery work without it.',
        content: { [JSON_TYPE]: { schema, example } },
      },
      503: {
        description: '`not_ready`: the database is down, or the service is starting or closing.',
        content: { [JSON_TYPE]: { schema } },
      },
      ...problems(ANYWHERE),
    },
  };
}

function operatingOperation(
  operationId: string,
  summary: string,
  schema: z.ZodType,
  type = JSON_TYPE,
): ZodOpenApiOperationObject {
  return {
    operationId,
    tags: ['Operating'],
    summary,
    security: OPEN,
    responses: { 200: { description: 'OK.', content: { [type]: { schema } } }, ...problems(ANYWHERE) },
  };
}
