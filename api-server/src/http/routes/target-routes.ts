import type { TargetReceipts } from '@postline/message-store';
import {
  LOG_PAGE_MESSAGES_DEFAULT,
  type LogPage,
  logEntryOf,
  logPageQuerySchema,
  type Receipts,
  targetIdFault,
} from '@postline/protocol';
import { addressGroup, clientAddress, type TrustedProxies } from '@postline/service-runtime';
import type { AccessControl } from '../../access/access-control.ts';
import type { Reader, ReadOutcome } from '../../reading/bounded-reads.ts';
import type { LogPageContent, ReadLogPage } from '../../reading/read-log-page.ts';
import type { ReadReceipts } from '../../reading/read-receipts.ts';
import { type HttpAnswer, jsonAnswer } from '../answers/answer.ts';
import {
  DATABASE_LATE,
  invalid,
  OVERLOADED,
  parseWith,
  problemAnswer,
  type Refusal,
} from '../answers/problem.ts';
import type { ReaderAnswers } from '../answers/reader-answers.ts';
import type { Route } from './route.ts';

const TOO_MANY_READS: Refusal = { ...OVERLOADED, detail: 'Too many reads are waiting. Try again.' };

export interface TargetRoutesOptions {
  readonly readLogPage: ReadLogPage;
  readonly readReceipts: ReadReceipts;
  readonly access: Pick<AccessControl, 'refuseReading' | 'callerOf'>;
  readonly answers: ReaderAnswers;
  readonly proxies: TrustedProxies | undefined;
}

/** `GET /targets/:targetId/…`: the log of a target, and the receipts of its readers. */
export function createTargetRoutes(options: TargetRoutesOptions): readonly Route[] {
  const { readLogPage, readReceipts } = options;
  return [
    createTargetRoute('/targets/:targetId/messages', options, (question) =>
      answerLogPage(readLogPage, question),
    ),
    createTargetRoute('/targets/:targetId/receipts', options, (question) =>
      answerReceipts(readReceipts, question),
    ),
  ];
}

interface TargetQuestion {
  readonly targetId: string;
  readonly query: unknown;
  readonly reader: Reader;
}

function createTargetRoute(
  path: `/targets/:targetId/${string}`,
  { access, answers, proxies }: TargetRoutesOptions,
  read: (question: TargetQuestion) => Promise<HttpAnswer>,
): Route {
  return {
    method: 'GET',
    path,
    label: path,
    answer: async (request, { params, query, response }) => {
      const { targetId = '' } = params;
      const refusal = await access.refuseReading(request, targetId);
      if (refusal !== undefined) return problemAnswer(refusal);
      const fault = targetIdFault(targetId);
      if (fault !== undefined) return problemAnswer(invalid('targetId', fault));
      const readerId = access.callerOf(request) ?? `address ${addressGroup(clientAddress(request, proxies))}`;
      const reader = answers.open(readerId, response);
      reader.send(await read({ targetId, query, reader }));
      return undefined;
    },
  };
}

async function answerLogPage(
  readLogPage: ReadLogPage,
  { targetId, query, reader }: TargetQuestion,
): Promise<HttpAnswer> {
  const parsed = parseWith(logPageQuerySchema, query);
  if (!parsed.ok) return problemAnswer(parsed.refusal);
  const { after = 0, limit = LOG_PAGE_MESSAGES_DEFAULT, epoch, id, createdAt } = parsed.value;
  const mark = id === undefined || createdAt === undefined ? undefined : { id, createdAt };
  const outcome = await readLogPage({ targetId, after, limit, epoch, mark }, reader);
  return outcomeAnswer(outcome, logPageBody);
}

function logPageBody({ epoch, head, recovered, messages, truncatedBefore }: LogPageContent): LogPage {
  return { epoch, head, recovered, messages: messages.map(logEntryOf), truncatedBefore };
}

async function answerReceipts(
  readReceipts: ReadReceipts,
  { targetId, reader }: TargetQuestion,
): Promise<HttpAnswer> {
  const outcome = await readReceipts(targetId, reader);
  return outcomeAnswer(outcome, (receipts) => receiptsBody(targetId, receipts));
}

function receiptsBody(targetId: string, { epoch, head, receipts }: TargetReceipts): Receipts {
  const entries = receipts.map(({ clientId, deviceId = null, offset, epoch: ackedIn, ackedAt }) => {
    return { clientId, deviceId, offset, epoch: ackedIn, ackedAt };
  });
  return { targetId, epoch, head, receipts: entries };
}

function outcomeAnswer<T>(outcome: ReadOutcome<T>, bodyOf: (value: T) => unknown): HttpAnswer {
  switch (outcome.kind) {
    case 'read':
      return jsonAnswer(200, bodyOf(outcome.value));
    case 'overloaded':
      return problemAnswer(TOO_MANY_READS);
    case 'store-unavailable':
      return problemAnswer(DATABASE_LATE);
  }
}
