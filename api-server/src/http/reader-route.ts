import { targetIdFault } from '@postline/protocol';
import { type Request, Router } from 'express';
import type { AccessControl } from './access-control.ts';
import { allowOnly } from './allow-only.ts';
import type { HttpAnswer } from './answer.ts';
import { invalid, problemAnswer, type Refusal } from './problem.ts';
import type { ReaderAnswers } from './reader-answers.ts';

/** What all routes have in common by which a target is read. */
export interface ReaderRouteParts {
  readonly access: Pick<AccessControl, 'refuseReading'>;
  readonly answers: ReaderAnswers;
}

/** A `GET` of something of `:targetId`, for whoever may read it, while there is room for answers. */
export function createReaderRoute(
  path: `${string}/:targetId/${string}`,
  { access, answers }: ReaderRouteParts,
  read: (targetId: string, query: Request['query']) => Promise<HttpAnswer>,
): Router {
  const router = Router({ caseSensitive: true, strict: true });
  router.get(path, async (request, response) => {
    const { targetId } = request.params;
    const refusal =
      (await access.refuseReading(request, targetId)) ?? refuseTarget(targetId) ?? answers.refuse();
    const answer = refusal === undefined ? await read(targetId, request.query) : problemAnswer(refusal);
    answers.send(response, answer);
  });
  router.all(path, allowOnly('GET', 'HEAD'));
  return router;
}

function refuseTarget(targetId: string): Refusal | undefined {
  const fault = targetIdFault(targetId);
  return fault === undefined ? undefined : invalid('targetId', fault);
}
