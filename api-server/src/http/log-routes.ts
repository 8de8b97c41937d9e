import { isTargetId, LOG_PAGE_MESSAGES_DEFAULT, type LogPage, logPageQuerySchema } from '@postline/protocol';
import { Router } from 'express';
import type { LogPageContent, ReadLogPage } from '../read-log-page.ts';
import type { AccessControl } from './access-control.ts';
import { allowOnly } from './allow-only.ts';
import { type HttpAnswer, jsonAnswer } from './answer.ts';
import { invalid, OVERLOADED, parseWith, problemAnswer, STORE_UNAVAILABLE } from './problem.ts';
import type { ReaderAnswers } from './reader-answers.ts';

const PATH = '/targets/:targetId/messages';

/** `GET /targets/:targetId/messages`: what a polling client would use. */
export function createLogRoutes(
  readLogPage: ReadLogPage,
  access: Pick<AccessControl, 'refuseReading'>,
  answers: ReaderAnswers,
): Router {
  const router = Router({ caseSensitive: true, strict: true });
  router.get(PATH, async (request, response) => {
    const refusal = (await access.refuseReading(request, request.params.targetId)) ?? answers.refuse();
    const answer =
      refusal === undefined
        ? await answerLogPage(readLogPage, request.params.targetId, request.query)
        : problemAnswer(refusal);
    answers.send(response, answer);
  });
  router.all(PATH, allowOnly('GET', 'HEAD'));
  return router;
}

async function answerLogPage(
  readLogPage: ReadLogPage,
  targetId: unknown,
  query: unknown,
): Promise<HttpAnswer> {
  if (typeof targetId !== 'string' || !isTargetId(targetId)) {
    return problemAnswer(invalid('targetId', 'is not a target id'));
  }
  const parsed = parseWith(logPageQuerySchema, query);
  if (!parsed.ok) return problemAnswer(parsed.refusal);
  const { after = 0, limit = LOG_PAGE_MESSAGES_DEFAULT, epoch } = parsed.value;

  const outcome = await readLogPage({ targetId, after, limit, epoch });
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
