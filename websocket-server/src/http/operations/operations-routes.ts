import { HTTP_ERRORS, isTargetId } from '@postline/protocol';
import { StoreUnavailableError } from '@postline/message-store';
import type { Express, Request, Response } from 'express';
import type { Operations } from '../../operations/operations.ts';
import type { OperationsAccess, Refusal } from './operations-access.ts';
import { serveOperationsPage } from './operations-page.ts';

/** Five minutes, a quarter of an hour, an hour. */
const WINDOWS_SECONDS = [300, 900, 3_600] as const;
const DIGITS = /^\d{1,16}$/;

const BAD_WINDOW: Refusal = {
  code: 'validation_failed',
  detail: `window must be one of ${WINDOWS_SECONDS.join(', ')} (seconds).`,
};
const BAD_PLACE: Refusal = {
  code: 'validation_failed',
  detail: 'targetId must be a target id, and offset an integer of at least 1.',
};
const FOREIGN_TARGET: Refusal = { code: 'forbidden', detail: 'This key does not include this target.' };
const DATABASE_AWAY: Refusal = {
  code: 'store_unavailable',
  detail: 'The database did not answer in time.',
  headers: { 'Retry-After': '1' },
};

export interface OperationsRoutesParts {
  readonly operations: Pick<Operations, 'state' | 'wayOf'>;
  readonly access: Pick<OperationsAccess, 'authorize'>;
}

/** Serves the operations page at `/ops`, and its data below. */
export function serveOperations(application: Express, { operations, access }: OperationsRoutesParts): void {
  serveOperationsPage(application);
  application.get('/ops/state.json', async (request, response) => {
    const right = access.authorize(request);
    const windowSeconds = WINDOWS_SECONDS.find((seconds) => String(seconds) === textOf(request, 'window'));
    if (!right.ok) refuse(response, right.refusal);
    else if (windowSeconds === undefined) refuse(response, BAD_WINDOW);
    else answer(response, await operations.state(windowSeconds, right));
  });
  application.get('/ops/message.json', async (request, response) => {
    const right = access.authorize(request);
    const targetId = textOf(request, 'targetId');
    const digits = textOf(request, 'offset');
    const offset = DIGITS.test(digits) ? Number(digits) : 0;
    if (!right.ok) refuse(response, right.refusal);
    else if (!isTargetId(targetId) || offset < 1 || !Number.isSafeInteger(offset))
      refuse(response, BAD_PLACE);
    else if (!right.mayShow(targetId)) refuse(response, FOREIGN_TARGET);
    else await answerWay(response, () => operations.wayOf({ targetId, offset }));
  });
}

async function answerWay(response: Response, read: () => Promise<unknown>): Promise<void> {
  try {
    answer(response, await read());
  } catch (error) {
    if (!(error instanceof StoreUnavailableError)) throw error;
    refuse(response, DATABASE_AWAY);
  }
}

/** A parameter of the query; empty if it is missing or repeated. */
function textOf(request: Request, name: string): string {
  const value = request.query[name];
  return typeof value === 'string' ? value : '';
}

function answer(response: Response, body: unknown): void {
  response.setHeader('Cache-Control', 'no-store').json(body);
}

function refuse(response: Response, { code, detail, headers = {} }: Refusal): void {
  const { status, title } = HTTP_ERRORS[code];
  response
    .status(status)
    .set({ 'Cache-Control': 'no-store', ...headers })
    .type('application/problem+json')
    .send(JSON.stringify({ type: 'about:blank', title, status, detail, code }));
}
