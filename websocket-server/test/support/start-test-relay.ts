import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { createInProcessMessageBus } from '@postline/message-bus/in-process';
import type { MessageStore } from '@postline/message-store';
import { createSqliteMessageStore } from '@postline/message-store/sqlite';
import { encodeNewMessage, encodeTracedFrame, type JoinHistory } from '@postline/protocol';
import { createLogger, type Logger, type Tracing } from '@postline/service-runtime';
import { makeTempFolder, freshMetrics } from '@postline/test-support';
import type { RelaySettings } from '../../src/configuration.ts';
import { createRelay } from '../../src/relay.ts';
import { TEST_SETTINGS } from './relay-settings.ts';

export interface TestRelay {
  readonly url: string;
  readonly port: number;
  /** Commits messages for a target, and sends their hints. */
  publish(targetId: string, ...messages: string[]): Promise<void>;
  /** Commits a message, and sends its hint with a trace context; resolves to its frame. */
  publishTraced(targetId: string, message: string, traceparent: string): Promise<string>;
  /** Commits messages, and tells nobody. */
  append(targetId: string, ...messages: string[]): Promise<void>;
  /** Sends anything on a target's channel. */
  hint(targetId: string, payload: string): Promise<void>;
  /** What the API does for `DELETE /clients/:id/connections`; without `hint` nobody is told. */
  disconnect(clientId: string, options: { refuseTokens: boolean; hint: boolean }): Promise<void>;
  /** What the API does for members of a group, with its notice; resolves to F of the first client. */
  join(group: string, clientIds: string | readonly string[], options?: JoinOptions): Promise<number>;
  leave(group: string, clientId: string, options?: { notify: boolean }): Promise<void>;
  epoch(): Promise<string>;
  /** Who has acked up to where, as `device: offset`. */
  receipts(targetId: string): Promise<string[]>;
  /** From now on the database is a fresh one. */
  replaceDatabase(): Promise<void>;
  /** A figure from /metrics. */
  metric(name: string): Promise<number>;
  /** Drains and ends the relay; again is allowed. */
  close(): Promise<void>;
}

interface JoinOptions {
  readonly history?: JoinHistory;
  /** False: the notice is lost. */
  readonly notify?: boolean;
}

/** A relay on a free port, with SQLite in a temp folder and a bus inside the process. */
export async function startTestRelay(
  settings: Partial<RelaySettings> = {},
  logger: Logger = createLogger({ service: 'test', level: 'silent' }),
  tracing?: Tracing,
): Promise<TestRelay> {
  const folder = await makeTempFolder('relay');
  const openStore = () =>
    createSqliteMessageStore({ file: join(folder.path, randomBytes(6).toString('hex')) });
  let store = await openStore();
  const retired: MessageStore[] = [];
  const bus = createInProcessMessageBus();
  const publisher = bus.createPublisher();
  const relay = createRelay({
    store: switchableStore(() => store),
    bus,
    settings: { ...TEST_SETTINGS, drainMs: 200, ...settings },
    logger,
    tracing,
  });
  const port = await relay.listen({ host: '127.0.0.1', port: 0 });
  const url = `http://127.0.0.1:${port}`;

  async function append(targetId: string, messages: readonly string[]) {
    const request = { publisher: '', messages: messages.map((message) => ({ targetId, message })) };
    const [outcome] = await store.append([request]);
    if (outcome?.kind !== 'appended') throw new Error('not stored');
    return outcome;
  }

  let closed: Promise<void> | undefined;
  const close = async () => {
    await relay.close();
    await publisher.close();
    for (const each of [store, ...retired]) await each.close();
    await folder.remove();
  };

  return {
    url,
    port,
    publish: async (targetId, ...messages) => {
      const { epoch, messages: stored } = await append(targetId, messages);
      const frames = stored.map((row) => encodeNewMessage(row, epoch));
      await publisher.publish(frames.map((frame) => ({ targetId, frame })));
    },
    publishTraced: async (targetId, message, traceparent) => {
      const { epoch, messages } = await append(targetId, [message]);
      const [frame = ''] = messages.map((row) => encodeNewMessage(row, epoch));
      await publisher.publish([{ targetId, frame: encodeTracedFrame(frame, traceparent) }]);
      return frame;
    },
    append: async (targetId, ...messages) => {
      await append(targetId, messages);
    },
    hint: (targetId, frame) => publisher.publish([{ targetId, frame }]),
    disconnect: async (clientId, { refuseTokens, hint }) => {
      await store.disconnect({ clientId, refuseTokens });
      if (hint) await publisher.notify('disconnects');
    },
    join: async (groupName, clientIds, { history = 'from-join', notify = true } = {}) => {
      const add = typeof clientIds === 'string' ? [clientIds] : clientIds;
      const { outcomes } = await store.changeMembers([{ groupName, add, remove: [], history }]);
      if (notify) await publisher.notify('members');
      const [outcome] = outcomes;
      if (outcome?.kind !== 'changed') throw new Error('not joined');
      return outcome.added[0]?.from ?? 0;
    },
    leave: async (groupName, clientId, { notify } = { notify: true }) => {
      await store.changeMembers([{ groupName, add: [], remove: [clientId], history: 'all' }]);
      if (notify) await publisher.notify('members');
    },
    epoch: async () => (await store.readHeads([])).epoch,
    receipts: async (targetId) => {
      const { receipts } = await store.readReceipts({ targetId, limit: 1_000 });
      return receipts.map(({ deviceId, offset }) => `${deviceId ?? 'none'}: ${offset}`);
    },
    replaceDatabase: async () => {
      retired.push(store);
      store = await openStore();
    },
    metric: async (name) => {
      const text = await freshMetrics(url);
      return Number(new RegExp(`^${name}(?:{[^}]*})? (\\S+)$`, 'm').exec(text)?.[1]);
    },
    close: () => (closed ??= close()),
  };
}

/** The store of the moment, behind one that stays. */
function switchableStore(now: () => MessageStore): MessageStore {
  return {
    append: (requests) => now().append(requests),
    readLog: (query) => now().readLog(query),
    readEarlierLog: (query) => now().readEarlierLog(query),
    readHeads: (targetIds) => now().readHeads(targetIds),
    readMarks: (places) => now().readMarks(places),
    readStreamStarts: (cursors) => now().readStreamStarts(cursors),
    settleHistory: (doubt) => now().settleHistory(doubt),
    saveAcks: (acks) => now().saveAcks(acks),
    openDevices: (openings) => now().openDevices(openings),
    readReceipts: (query) => now().readReceipts(query),
    disconnect: (request) => now().disconnect(request),
    readDisconnects: (clientIds) => now().readDisconnects(clientIds),
    readDisconnectsAfter: (position) => now().readDisconnectsAfter(position),
    changeMembers: (changes) => now().changeMembers(changes),
    readMembers: (query) => now().readMembers(query),
    readGroupsOfClient: (query) => now().readGroupsOfClient(query),
    readMembership: (place) => now().readMembership(place),
    readMemberships: (clientIds) => now().readMemberships(clientIds),
    readMemberChanges: (cursor) => now().readMemberChanges(cursor),
    checkReady: () => now().checkReady(),
    checkWritable: () => now().checkWritable(),
    renewConnections: () => {
      now().renewConnections();
    },
    close: () => now().close(),
  };
}
