import type { RowMark } from '@postline/protocol';
import { DeadlineError, OpenCalls, withDeadline } from '@postline/service-runtime';
import type { Ack, DeviceOpening, LogPosition, ReceiptQuery, TargetReceipts } from '../ack-store.ts';
import { appendTheRest } from '../rules/bisect-append.ts';
import type { Disconnect, DisconnectRequest, DisconnectsReading } from '../disconnect-store.ts';
import { DOUBTED_ROWS_MAX, type HistoryDoubt, type HistoryFinding } from '../history.ts';
import type { LogTrimmer, TrimQuery, TrimStep } from '../log-trimmer.ts';
import {
  type AppendOutcome,
  type AppendRequest,
  HEADS_PER_READ_MAX,
  type LogHeads,
  type LogPlace,
  type LogQuery,
  type LogSlice,
  type MessageStore,
  ROWS_PER_READ_MAX,
  type StoreRisk,
  StoreUnavailableError,
} from '../message-store.ts';
import type { MovedMessages, Outbox, OutboxPage, SetAsideRow } from '../outbox.ts';
import {
  assertDisconnectQuery,
  assertLogQuery,
  assertPlaces,
  assertTargetId,
  assertTrimQuery,
  assertWholeNumber,
  storageFault,
} from '../rules/store-arguments.ts';
import { assertAcks, assertOpenings, assertReceiptQuery } from '../rules/ack-arguments.ts';
import { CURSORS_PER_READ_MAX, type ReaderCursor, type StreamStart } from '../rules/stream-start.ts';
import { Appender } from './append/appender.ts';
import { checkWritable } from './append/check-writable.ts';
import type { DatabaseAccess } from './sessions/database-connection.ts';
import { deleteOldestRows } from './upkeep/delete-oldest.ts';
import { readDurabilityRisks } from './schema/durability-risks.ts';
import { readDisconnectRows, readDisconnectRowsAfter, saveDisconnect } from './control/disconnect-rows.ts';
import { openDeviceRows } from './acks/open-devices.ts';
import { readLogHeads, readRowMarks } from './reading/read-heads.ts';
import { readLogSlice } from './reading/read-log.ts';
import { readReceiptRows } from './acks/read-receipts.ts';
import { readStreamStartRows } from './reading/read-stream-starts.ts';
import { saveAckRows } from './acks/save-acks.ts';
import { checkSchema } from './schema/schema-version.ts';
import type { Session } from './sessions/session.ts';
import { settleHistoryOn } from './upkeep/settle-history.ts';
import { type ConnectionBounds, StoreConnections } from './sessions/store-connections.ts';

export interface MysqlMessageStoreOptions extends DatabaseAccess, ConnectionBounds {
  /** Milliseconds after which every call has ended. */
  readonly deadlineMs?: number;
}

/** A publisher must be told within 5 s that the database is away; this leaves a second for everything else. */
const DEADLINE_MS = 4_000;

/** Of the deadline an append uses at most so much; the rest is for looking up a COMMIT that was not answered. */
const APPEND_SHARE = 0.75;

/** Readers that claim an impossible cursor must not make the connections be opened anew for each of them. */
const RENEWAL_PAUSE_MS = 1_000;

/** The logs in a MySQL or MariaDB database that was migrated before. Connects when first used. */
export function createMysqlMessageStore(
  options: MysqlMessageStoreOptions,
): MessageStore & Outbox & LogTrimmer {
  return new MysqlMessageStore(options);
}

class MysqlMessageStore implements MessageStore, Outbox, LogTrimmer {
  readonly #deadlineMs: number;
  readonly #appender: Appender;
  readonly #connections: StoreConnections;
  readonly #calls = new OpenCalls();
  #closed = false;
  #readersRenewedAtMs = -Infinity;

  constructor(options: MysqlMessageStoreOptions) {
    const { databaseUrl, databaseCa, deadlineMs = DEADLINE_MS, ...bounds } = options;
    this.#deadlineMs = deadlineMs;
    this.#connections = new StoreConnections({ databaseUrl, databaseCa }, deadlineMs, bounds);
    this.#appender = new Appender({
      writers: this.#connections.writers,
      session: this.#connections.writerSession,
      writingMs: deadlineMs * APPEND_SHARE,
    });
  }

  append(requests: readonly AppendRequest[]): Promise<readonly AppendOutcome[]> {
    return appendTheRest(requests, refusal, (storable) =>
      this.#inTime('appending', (signal) => this.#appender.append(storable, signal)),
    );
  }

  async movePage(afterTargetId: string): Promise<OutboxPage> {
    return await this.#inTime('moving the outbox', (signal) =>
      this.#appender.movePage(afterTargetId, signal),
    );
  }

  onMoved(listener: (moved: MovedMessages) => void): void {
    this.#appender.onMoved(listener);
  }

  onSetAside(listener: (row: SetAsideRow) => void): void {
    this.#appender.onSetAside(listener);
  }

  readLog(query: LogQuery): Promise<LogSlice> {
    return this.#read('reading a log', () => {
      assertLogQuery(query);
      return (session) => readLogSlice(session, query);
    });
  }

  readHeads(targetIds: readonly string[]): Promise<LogHeads> {
    return this.#read('reading heads', () => {
      targetIds.forEach(assertTargetId);
      if (targetIds.length > HEADS_PER_READ_MAX) {
        throw new RangeError(`at most ${HEADS_PER_READ_MAX} heads in one read`);
      }
      return (session) => readLogHeads(session, targetIds);
    });
  }

  readMarks(places: readonly LogPlace[]): Promise<readonly (RowMark | undefined)[]> {
    return this.#read('reading which rows there are', () => {
      assertPlaces(places, ROWS_PER_READ_MAX);
      return (session) => readRowMarks(session, places);
    });
  }

  async readStreamStarts(cursors: readonly ReaderCursor[]): Promise<readonly StreamStart[]> {
    assertPlaces(cursors, CURSORS_PER_READ_MAX);
    this.#renewReaders();
    return await this.#read('reading where streams start', () => (session) => {
      return readStreamStartRows(session, cursors);
    });
  }

  async settleHistory(doubt: HistoryDoubt): Promise<HistoryFinding> {
    assertPlaces(doubt.rows, DOUBTED_ROWS_MAX);
    this.#connections.writers.renew();
    const finding = await this.#inTime('settling what is true', (signal) =>
      this.#connections.writers.use(signal, (session) => settleHistoryOn(session, doubt)),
    );
    if (finding.kind !== 'read-only') this.#renewReaders();
    return finding;
  }

  async saveAcks(acks: readonly Ack[]): Promise<void> {
    assertAcks(acks);
    await this.#inTime('saving acks', (signal) =>
      this.#connections.savers.use(signal, (session) => saveAckRows(session, acks)),
    );
  }

  async openDevices(
    openings: readonly DeviceOpening[],
  ): Promise<readonly ReadonlyMap<string, LogPosition>[]> {
    assertOpenings(openings);
    return await this.#inTime('opening devices', (signal) =>
      this.#connections.savers.use(signal, (session) => openDeviceRows(session, openings)),
    );
  }

  readReceipts(query: ReceiptQuery): Promise<TargetReceipts> {
    return this.#read('reading receipts', () => {
      assertReceiptQuery(query);
      return (session) => readReceiptRows(session, query);
    });
  }

  async disconnect(request: DisconnectRequest): Promise<Disconnect> {
    assertTargetId(request.clientId);
    // A writer's session: where this API is frozen in between, the server soon gives the head's row back.
    return await this.#inTime('disconnecting', (signal) =>
      this.#connections.writers.use(signal, (session) => saveDisconnect(session, request)),
    );
  }

  readDisconnects(clientIds: readonly string[]): Promise<DisconnectsReading> {
    return this.#read('reading disconnects', () => {
      assertDisconnectQuery(clientIds);
      return (session) => readDisconnectRows(session, clientIds);
    });
  }

  readDisconnectsAfter(position: number): Promise<DisconnectsReading> {
    return this.#read('reading disconnects', () => {
      assertWholeNumber('position', position, 0);
      return (session) => readDisconnectRowsAfter(session, position);
    });
  }

  async deleteOldest(query: TrimQuery): Promise<TrimStep> {
    assertTrimQuery(query);
    return await this.#inTime('deleting the oldest', (signal) =>
      this.#connections.savers.use(signal, (session) => deleteOldestRows(session, query)),
    );
  }

  checkReady(): Promise<readonly StoreRisk[]> {
    return this.#read('checking the database', () => async (session) => {
      await checkSchema(session);
      return await readDurabilityRisks(session);
    });
  }

  async checkWritable(): Promise<void> {
    await this.#inTime('trying to write', (signal) => this.#connections.writers.use(signal, checkWritable));
  }

  renewConnections(): void {
    this.#connections.renew();
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#calls.idle();
    this.#connections.close();
  }

  /** So that the next read goes by a connection that is at most as old as the pause. */
  #renewReaders(): void {
    const nowMs = performance.now();
    if (nowMs - this.#readersRenewedAtMs < RENEWAL_PAUSE_MS) return;
    this.#readersRenewedAtMs = nowMs;
    this.#connections.readers.renew();
  }

  /** `prepare` checks the arguments, and throws where the caller made a mistake. */
  async #read<T>(what: string, prepare: () => (session: Session) => Promise<T>): Promise<T> {
    const work = prepare();
    return await this.#inTime(what, (signal) => this.#connections.readers.use(signal, work));
  }

  async #inTime<T>(what: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    if (this.#closed) throw new StoreUnavailableError(`${what} failed`, new Error('the store is closed'));
    const controller = new AbortController();
    const call = withDeadline(work(controller.signal), {
      what,
      milliseconds: this.#deadlineMs,
      onExpired: () => controller.abort(),
    });
    try {
      return await this.#calls.track(call);
    } catch (error) {
      if (error instanceof StoreUnavailableError) throw error;
      // Where time was up while the server had no room for a connection, that is the reason.
      const refusal = error instanceof DeadlineError ? this.#connections.refusal : undefined;
      throw new StoreUnavailableError(`${what} failed`, refusal ?? error);
    }
  }
}

function refusal(request: AppendRequest): AppendOutcome | undefined {
  const error = storageFault(request);
  return error === undefined ? undefined : { kind: 'failed', error };
}
