import { join } from 'node:path';
import { clientTokenEnvironment } from '@postline/client-tokens';
import { createInProcessMessageBus } from '@postline/message-bus/in-process';
import {
  type BusEndEvents,
  BusUnavailableError,
  type HintPublisher,
  type MessageBus,
} from '@postline/message-bus';
import type { MessageStore } from '@postline/message-store';
import { createSqliteMessageStore } from '@postline/message-store/sqlite';
import { createLogger, readSettings, sharedSettings, type Tracing } from '@postline/service-runtime';
import { makeTempFolder } from '@postline/test-support';
import { z } from 'zod';
import { createApiServer } from '../../src/api-server.ts';
import { type ApiSettings, apiSettings } from '../../src/configuration.ts';
import { apiEnvironment } from '../../src/environment.ts';
import { startAbsoluteFormProxy } from './absolute-form-proxy.ts';

export interface TestApi {
  /** `http://127.0.0.1:port` */
  readonly url: string;
  readonly port: number;
  readonly store: MessageStore;
  readonly bus: MessageBus;
  /** The lines that it logged. */
  readonly logLines: readonly string[];
  /** For one that was started with `isOpen: false`. */
  readonly open: () => void;
  close(): Promise<void>;
}

/** How requests get to the publish routes: past Express, or by its router. */
export const WAYS = ['the short way', 'the long way'] as const;
export type Way = (typeof WAYS)[number];

export interface TestApiOptions {
  /** The short one where left out. */
  readonly way?: Way;
  /** As a process would be given them. */
  readonly env?: Readonly<Record<string, string>>;
  /** In place of the real ones, for what can't be made to happen. */
  readonly store?: Partial<MessageStore>;
  readonly publisher?: HintPublisher;
  /** False: the database does not have the schema yet. */
  readonly isOpen?: boolean;
  readonly startHoldMs?: number;
  readonly tracing?: Tracing;
}

/** The API on a SQLite file of its own and an in-process bus, listening on a free port. */
export async function startTestApi(options: TestApiOptions = {}): Promise<TestApi> {
  const folder = await makeTempFolder('api');
  const realStore = await createSqliteMessageStore({ file: join(folder.path, 'postline.db') });
  const store: MessageStore = {
    append: (requests) => realStore.append(requests),
    readLog: (query) => realStore.readLog(query),
    readEarlierLog: (query) => realStore.readEarlierLog(query),
    readHeads: (targetIds) => realStore.readHeads(targetIds),
    readMarks: (places) => realStore.readMarks(places),
    readStreamStarts: (cursors) => realStore.readStreamStarts(cursors),
    settleHistory: (doubt) => realStore.settleHistory(doubt),
    saveAcks: (acks) => realStore.saveAcks(acks),
    openDevices: (openings) => realStore.openDevices(openings),
    readReceipts: (query) => realStore.readReceipts(query),
    disconnect: (request) => realStore.disconnect(request),
    readDisconnects: (clientIds) => realStore.readDisconnects(clientIds),
    readDisconnectsAfter: (position) => realStore.readDisconnectsAfter(position),
    changeMembers: (changes) => realStore.changeMembers(changes),
    readMembers: (query) => realStore.readMembers(query),
    readGroupsOfClient: (query) => realStore.readGroupsOfClient(query),
    readMembership: (place) => realStore.readMembership(place),
    readMemberships: (clientIds) => realStore.readMemberships(clientIds),
    readMemberChanges: (cursor) => realStore.readMemberChanges(cursor),
    checkReady: () => realStore.checkReady(),
    checkWritable: () => realStore.checkWritable(),
    renewConnections: () => {
      realStore.renewConnections();
    },
    close: () => realStore.close(),
    ...options.store,
  };
  const bus = createInProcessMessageBus();
  const { publisher } = options;
  const logLines: string[] = [];
  const server = createApiServer({
    store,
    bus: publisher === undefined ? bus : { createPublisher: (events) => reporting(publisher, events) },
    settings: testSettings(options.env),
    startHoldMs: options.startHoldMs,
    tracing: options.tracing,
    logger: createLogger({
      service: 'api-server',
      level: 'debug',
      destination: { write: (line: string) => void logLines.push(line) },
    }),
  });
  const port = await server.listen({ host: '127.0.0.1', port: 0 });
  if (options.isOpen ?? true) server.open();
  const proxy = options.way === 'the long way' ? await startAbsoluteFormProxy(port) : undefined;
  const close = async () => {
    await proxy?.close();
    await server.close();
    await realStore.close();
    await folder.remove();
  };
  const open = () => {
    server.open();
  };
  return {
    url: proxy?.url ?? `http://127.0.0.1:${port}`,
    port,
    store: realStore,
    bus,
    logLines,
    open,
    close,
  };
}

/** A publisher that reports how it is, as each kind of bus does. */
function reporting(publisher: HintPublisher, events: BusEndEvents | undefined): HintPublisher {
  publisher.checkReady().then(
    () => events?.onState('up'),
    (error: unknown) => events?.onFault?.(new BusUnavailableError('away', error)),
  );
  return publisher;
}

/** Settings with all defaults, but for what is given. */
export function testSettings(env: Readonly<Record<string, string>> = {}): ApiSettings {
  return apiSettings(
    readSettings(z.object({ ...sharedSettings, ...clientTokenEnvironment, ...apiEnvironment }), env),
  );
}
