import type { TargetReceipts } from '@postline/message-store';
import type { Receipts } from '@postline/protocol';
import type { Router } from 'express';
import type { ReadReceipts } from '../../reading/read-receipts.ts';
import type { Reader } from '../../reading/reader.ts';
import { type HttpAnswer, jsonAnswer } from '../answers/answer.ts';
import { OVERLOADED, problemAnswer, STORE_UNAVAILABLE } from '../answers/problem.ts';
import { createReaderRoute, type ReaderRouteParts } from './reader-route.ts';

/** `GET /targets/:targetId/receipts`: what a publisher asks who wants to know who has processed its messages. */
export function createReceiptRoutes(readReceipts: ReadReceipts, parts: ReaderRouteParts): Router {
  return createReaderRoute('/targets/:targetId/receipts', parts, ({ targetId, reader }) =>
    answerReceipts(readReceipts, targetId, reader),
  );
}

async function answerReceipts(
  readReceipts: ReadReceipts,
  targetId: string,
  reader: Reader,
): Promise<HttpAnswer> {
  const outcome = await readReceipts(targetId, reader);
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
