import { HTTP_ERRORS, type HttpErrorCode, problemSchema } from '@postline/protocol';
import type { ZodOpenApiResponsesObject } from 'zod-openapi';
import { problemAnswer } from '../answers/problem.ts';

/** One response for each status, with an example for each code that has it. */
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

/** Every error as a table in Markdown. */
export function errorTable(): string {
  const rows = Object.entries(HTTP_ERRORS).map(
    ([code, { status, title, retryable }]) =>
      `| ${status} | \`${code}\` | ${title} | ${retryable ? 'yes' : 'no'} |`,
  );
  return ['| status | code | meaning | retry as it is |', '| --- | --- | --- | --- |', ...rows].join('\n');
}
