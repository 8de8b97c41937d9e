import type { TargetReceipts } from '@postline/message-store';
import {
  LOG_PAGE_MESSAGES_DEFAULT,
  type LogPage,
  logEntryOf,
  logPageQuerySchema,
  type Receipts,
  targetIdFault,
} from '@postline/protocol';
import type { AccessControl } from '../../access/access-control.ts';
import type { LogPageContent, LogPageRequest } from '../../reading/log-page.ts';
import type { ReadLogPage } from '../../reading/read-log-page.ts';
import type { ReadReceipts } from '../../reading/read-receipts.ts';
import { invalid, type Parsed, parseWith } from '../answers/problem.ts';
import { createReaderRoute, readAnswer, type ReaderRouteParts } from './reader-route.ts';
import type { Route } from './route.ts';

export interface TargetRoutesOptions extends ReaderRouteParts {
  readonly readLogPage: ReadLogPage;
  readonly readReceipts: ReadReceipts;
  readonly access: Pick<AccessControl, 'refuseReading' | 'authorizeLog' | 'callerOf'>;
}

/** `GET /targets/:targetId/…`: the log of a target, and the receipts of its readers. */
export function createTargetRoutes(options: TargetRoutesOptions): readonly Route[] {
  const { access, readLogPage, readReceipts } = options;
  return [
    createReaderRoute(options, {
      path: '/targets/:targetId/messages',
      ask: async (request, { params: { targetId = '' }, query }) => {
        const right = await access.authorizeLog(request, targetId);
        return right.ok ? parseLogQuestion(targetId, right.value.from, query) : right;
      },
      answer: async (question, reader) => readAnswer(await readLogPage(question, reader), logPageBody),
    }),
    createReaderRoute(options, {
      path: '/targets/:targetId/receipts',
      ask: async (request, { params: { targetId = '' } }) => {
        const refusal = await access.refuseReading(request, 'read', targetId);
        return refusal === undefined ? parseTargetId(targetId) : { ok: false, refusal };
      },
      answer: async (targetId, reader) =>
        readAnswer(await readReceipts(targetId, reader), (receipts) => receiptsBody(targetId, receipts)),
    }),
  ];
}

function parseTargetId(targetId: string): Parsed<string> {
  const fault = targetIdFault(targetId);
  if (fault !== undefined) return { ok: false, refusal: invalid('targetId', fault) };
  return { ok: true, value: targetId };
}

function parseLogQuestion(
  targetId: string,
  from: number | undefined,
  query: unknown,
): Parsed<LogPageRequest> {
  const target = parseTargetId(targetId);
  if (!target.ok) return target;
  const parsed = parseWith(logPageQuerySchema, query);
  if (!parsed.ok) return parsed;
  const { after = 0, before, limit = LOG_PAGE_MESSAGES_DEFAULT, epoch, id, createdAt } = parsed.value;
  const mark = id === undefined || createdAt === undefined ? undefined : { id, createdAt };
  return { ok: true, value: { targetId, from, after, before, limit, epoch, mark } };
}

function logPageBody({ epoch, head, recovered, messages, truncatedBefore }: LogPageContent): LogPage {
  return { epoch, head, recovered, messages: messages.map(logEntryOf), truncatedBefore };
}

function receiptsBody(targetId: string, { epoch, head, receipts }: TargetReceipts): Receipts {
  const entries = receipts.map(({ clientId, deviceId = null, offset, epoch: ackedIn, ackedAt }) => {
    return { clientId, deviceId, offset, epoch: ackedIn, ackedAt };
  });
  return { targetId, epoch, head, receipts: entries };
}
