import { LOG_PAGE_MESSAGES_DEFAULT, type LogPage, logPageQuerySchema } from '@postline/protocol';
import type { Router } from 'express';
import type { LogPageContent, ReadLogPage } from '../../reading/read-log-page.ts';
import { type HttpAnswer, jsonAnswer } from '../answers/answer.ts';
import { OVERLOADED, parseWith, problemAnswer, STORE_UNAVAILABLE } from '../answers/problem.ts';
import { createReaderRoute, type ReaderRequest, type ReaderRouteParts } from './reader-route.ts';

/** `GET /targets/:targetId/messages`: what a polling client would use. */
export function createLogRoutes(readLogPage: ReadLogPage, parts: ReaderRouteParts): Router {
  return createReaderRoute('/targets/:targetId/messages', parts, ({ targetId, query, reader }) =>
    answerLogPage({ readLogPage, targetId, query, reader }),
  );
}

interface LogPageQuestion extends ReaderRequest {
  readonly readLogPage: ReadLogPage;
}

async function answerLogPage({ readLogPage, targetId, query, reader }: LogPageQuestion): Promise<HttpAnswer> {
  const parsed = parseWith(logPageQuerySchema, query);
  if (!parsed.ok) return problemAnswer(parsed.refusal);
  const { after = 0, limit = LOG_PAGE_MESSAGES_DEFAULT, epoch, id, createdAt } = parsed.value;
  const mark = id === undefined || createdAt === undefined ? undefined : { id, createdAt };

  const outcome = await readLogPage({ targetId, after, limit, epoch, mark }, reader);
  switch (outcome.kind) {
    case 'read':
      return jsonAnswer(200, logPageBody(outcome.value));
    case 'overloaded':
      return problemAnswer({ ...OVERLOADED, detail: 'Too many logs are being read at once.' });
    case 'store-unavailable':
      return problemAnswer({ ...STORE_UNAVAILABLE, detail: 'The database did not answer in time.' });
  }
}

function logPageBody({ epoch, head, recovered, messages, truncatedBefore }: LogPageContent): LogPage {
  const entries = messages.map(({ id, targetId, offset, message, createdAt }) => {
    return { id, targetId, offset, data: message, createdAt };
  });
  return { epoch, head, recovered, messages: entries, truncatedBefore };
}
