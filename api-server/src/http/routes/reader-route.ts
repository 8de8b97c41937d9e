import { targetIdFault } from '@postline/protocol';
import { addressGroup, clientAddress, type TrustedProxies } from '@postline/service-runtime';
import { type Request, Router } from 'express';
import type { AccessControl } from '../../access/access-control.ts';
import { allowOnly } from './allow-only.ts';
import type { Reader } from '../../reading/reader.ts';
import { type HttpAnswer, sendAnswer } from '../answers/answer.ts';
import { invalid, problemAnswer, type Refusal } from '../answers/problem.ts';
import type { ReaderAnswers } from '../answers/reader-answers.ts';

/** What all routes have in common by which a target is read. */
export interface ReaderRouteParts {
  readonly access: Pick<AccessControl, 'refuseReading' | 'callerOf'>;
  readonly answers: ReaderAnswers;
  readonly proxies: TrustedProxies | undefined;
}

/** What is asked for, and by whom. */
export interface ReaderRequest {
  readonly targetId: string;
  readonly query: Request['query'];
  readonly reader: Reader;
}

/** A `GET` of something of `:targetId`, for whoever may read it. */
export function createReaderRoute(
  path: `${string}/:targetId/${string}`,
  { access, answers, proxies }: ReaderRouteParts,
  read: (request: ReaderRequest) => Promise<HttpAnswer>,
): Router {
  const router = Router({ caseSensitive: true, strict: true });
  router.get(path, async (request, response) => {
    const { targetId } = request.params;
    const refusal = (await access.refuseReading(request, targetId)) ?? refuseTarget(targetId);
    if (refusal !== undefined) {
      sendAnswer(response, problemAnswer(refusal));
      return;
    }
    const readerId = access.callerOf(request) ?? `address ${addressGroup(clientAddress(request, proxies))}`;
    const reader = answers.open(readerId, response);
    reader.send(await read({ targetId, query: request.query, reader }));
  });
  router.all(path, allowOnly('GET', 'HEAD'));
  return router;
}

function refuseTarget(targetId: string): Refusal | undefined {
  const fault = targetIdFault(targetId);
  return fault === undefined ? undefined : invalid('targetId', fault);
}
