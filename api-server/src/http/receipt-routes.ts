import type { TargetReceipts } from '@postline/message-store';
import { isTargetId, type Receipts } from '@postline/protocol';
import { Router } from 'express';
import type { ReadReceipts } from '../read-receipts.ts';
import type { AccessControl } from './access-control.ts';
import { allowOnly } from './allow-only.ts';
import { type HttpAnswer, jsonAnswer } from './answer.ts';
import { invalid, OVERLOADED, problemAnswer, STORE_UNAVAILABLE } from './problem.ts';
import type { ReaderAnswers } from './reader-answers.ts';

const PATH = '/targets/:targetId/receipts';

/** `GET /targets/:targetId/receipts`: what a publisher asks who wants to know who has processed its messages. */
export function createReceiptRoutes(
  readReceipts: ReadReceipts,
  access: Pick<AccessControl, 'refuseReading'>,
  answers: ReaderAnswers,
): Router {
  const router = Router({ caseSensitive: true, strict: true });
  router.get(PATH, async (request, response) => {
    const refusal = (await access.refuseReading(request, request.params.targetId)) ?? answers.refuse();
    const answer =
      refusal === undefined
        ? await answerReceipts(readReceipts, request.params.targetId)
        : problemAnswer(refusal);
    answers.send(response, answer);
  });
  router.all(PATH, allowOnly('GET', 'HEAD'));
  return router;
}

async function answerReceipts(readReceipts: ReadReceipts, targetId: unknown): Promise<HttpAnswer> {
  if (typeof targetId !== 'string' || !isTargetId(targetId)) {
    return problemAnswer(invalid('targetId', 'is not a target id'));
  }
  const outcome = await readReceipts(targetId);
  switch (outcome.kind) {
    case 'read':
      return jsonAnswer(200, receiptsBody(targetId, outcome.value));
    case 'overloaded':
      return problemAnswer({ ...OVERLOADED, detail: 'Too many receipts are being read at once.' });
    case 'store-unavailable':
      return problemAnswer({ ...STORE_UNAVAILABLE, detail: 'The database did not answer in time.' });
  }
}

function receiptsBody(targetId: string, { epoch, head, receipts }: TargetReceipts): Receipts {
  const told = receipts.map(({ clientId, deviceId = null, offset, epoch: ackedIn, ackedAt }) => {
    return { clientId, deviceId, offset, epoch: ackedIn, ackedAt };
  });
  return { targetId, epoch, head, receipts: told };
}
