import type { RequestHandler } from 'express';
import { sendAnswer } from './answer.ts';
import { problemAnswer } from './problem.ts';

/** Answers the methods that a route does not have: `OPTIONS` with what it has, others with 405. */
export function allowOnly(...methods: readonly string[]): RequestHandler {
  const allow = [...methods, 'OPTIONS'].join(', ');
  return (request, response) => {
    if (request.method === 'OPTIONS') {
      sendAnswer(response, { status: 204, headers: { Allow: allow }, body: '' });
      return;
    }
    const detail = `This address takes ${allow}. How to use it: /docs`;
    sendAnswer(response, problemAnswer({ code: 'method_not_allowed', detail, headers: { Allow: allow } }));
  };
}
