import type { IncomingMessage } from 'node:http';
import { addressGroup, clientAddress, type TrustedProxies } from '@postline/service-runtime';
import type { AccessControl } from '../../access/access-control.ts';
import type { Reader, ReadOutcome } from '../../reading/bounded-reads.ts';
import { type HttpAnswer, jsonAnswer } from '../answers/answer.ts';
import { DATABASE_LATE, OVERLOADED, type Parsed, problemAnswer, type Refusal } from '../answers/problem.ts';
import type { ReaderAnswers } from '../answers/reader-answers.ts';
import type { Route, RouteMatch } from './route.ts';

const TOO_MANY_READS: Refusal = { ...OVERLOADED, detail: 'Too many reads are waiting. Try again.' };

/** The parts that all routes share whose answers can be large. */
export interface ReaderRouteParts {
  readonly access: Pick<AccessControl, 'callerOf'>;
  readonly answers: ReaderAnswers;
  readonly proxies: TrustedProxies | undefined;
}

export interface ReaderRouteOptions<Question> {
  readonly path: string;
  /** Authorizes and parses a request. */
  readonly ask: (request: IncomingMessage, match: RouteMatch) => Promise<Parsed<Question>>;
  readonly answer: (question: Question, reader: Reader) => Promise<HttpAnswer>;
}

/** A `GET` whose answer is counted until its reader has received it. */
export function createReaderRoute<Question>(
  { access, answers, proxies }: ReaderRouteParts,
  { path, ask, answer }: ReaderRouteOptions<Question>,
): Route {
  return {
    method: 'GET',
    path,
    label: path,
    answer: async (request, match) => {
      const question = await ask(request, match);
      if (!question.ok) return problemAnswer(question.refusal);
      const readerId = access.callerOf(request) ?? `address ${addressGroup(clientAddress(request, proxies))}`;
      const reader = answers.open(readerId, match.response);
      reader.send(await answer(question.value, reader));
      return undefined;
    },
  };
}

/** The answer to a bounded read. */
export function readAnswer<T>(outcome: ReadOutcome<T>, bodyOf: (value: T) => unknown): HttpAnswer {
  switch (outcome.kind) {
    case 'read':
      return jsonAnswer(200, bodyOf(outcome.value));
    case 'overloaded':
      return problemAnswer(TOO_MANY_READS);
    case 'store-unavailable':
      return problemAnswer(DATABASE_LATE);
  }
}
