import { HTTP_ERRORS, type HttpErrorCode, problemSchema } from '@postline/protocol';
import type { ZodOpenApiResponsesObject } from 'zod-openapi';
import { problemAnswer } from '../answers/problem.ts';

export const JSON_TYPE = 'application/json';

/** Open to everyone. */
export const OPEN = [];
export const KEY_SECURITY = [{ publisherKey: [] }];
export const READER_SECURITY = [{ publisherKey: [] }, { clientToken: [] }];

/** Errors that every route can answer: by the guards before the routes, and by the framework. */
export const ANYWHERE: readonly HttpErrorCode[] = ['validation_failed', 'forbidden', 'internal_error'];
/** Errors of a route that needs a key or a token. */
export const WITH_KEY: readonly HttpErrorCode[] = [...ANYWHERE, 'unauthorized', 'rate_limited'];
/** Errors of a route that takes a body. */
export const BODY_ERRORS: readonly HttpErrorCode[] = [
  'malformed_json',
  'payload_too_large',
  'unsupported_media_type',
  'overloaded',
  'store_unavailable',
];

/** One response for each status, with an example for each of its codes. */
export function problems(codes: readonly HttpErrorCode[]): ZodOpenApiResponsesObject {
  const statuses = new Set(codes.map((code) => HTTP_ERRORS[code].status));
  const responses: ZodOpenApiResponsesObject = {};
  for (const status of statuses) {
    const ofStatus = codes.filter((code) => HTTP_ERRORS[code].status === status);
    responses[`${status}`] = {
      description: ofStatus.map((code) => `\`${code}\`: ${HTTP_ERRORS[code].title}.`).join(' '),
      content: {
        'application/problem+json': {
          schema: problemSchema,
          examples: Object.fromEntries(ofStatus.map((code) => [code, { value: exampleProblem(code) }])),
        },
      },
    };
  }
  return responses;
}

function exampleProblem(code: HttpErrorCode): unknown {
  const errors = code === 'validation_failed' ? [{ path: 'targetId', message: 'is required' }] : undefined;
  const detail = errors === undefined ? HTTP_ERRORS[code].title : 'targetId: is required';
  return JSON.parse(problemAnswer({ code, detail, ...(errors === undefined ? {} : { errors }) }).body);
}

/** All errors as a Markdown table. */
export function errorTable(): string {
  const rows = Object.entries(HTTP_ERRORS).map(
    ([code, { status, title, retryable }]) =>
      `| ${status} | \`${code}\` | ${title} | ${retryable ? 'yes' : 'no'} |`,
  );
  return ['| status | code | meaning | retry unchanged |', '| --- | --- | --- | --- |', ...rows].join('\n');
}
