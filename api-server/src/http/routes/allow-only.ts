import type { IncomingMessage } from 'node:http';
import type { RequestHandler } from 'express';
import { type HttpAnswer, sendAnswer } from '../answers/answer.ts';
import { problemAnswer } from '../answers/problem.ts';

/** Answers the methods that a route does not have: `OPTIONS` with what it has, others with 405. */
export function answerOtherMethods(
  ...methods: readonly string[]
): (request: Pick<IncomingMessage, 'method'>) => HttpAnswer {
  const allow = [...methods, 'OPTIONS'].join(', ');
  const options: HttpAnswer = { status: 204, headers: { Allow: allow }, body: '' };
  const detail = `This address takes ${allow}. How to use it: /docs`;
  const notAllowed = problemAnswer({ code: 'method_not_allowed', detail, headers: { Allow: allow } });
  return ({ method }) => (method === 'OPTIONS' ? options : notAllowed);
}

/** The same as the last handler of a route of Express. */
export function allowOnly(...methods: readonly string[]): RequestHandler {
  const answer = answerOtherMethods(...methods);
  return (request, response) => {
    sendAnswer(response, answer(request));
  };
}
