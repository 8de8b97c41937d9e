import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import type { RowMark } from '@postline/protocol';
import Database from 'libsql';
import type { Ack, DeviceOpening, LogPosition, ReceiptQuery, TargetReceipts } from '../ack-store.ts';
import { appendApart, appendTheRest, RowRefusedError } from '../rules/bisect-append.ts';
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
import { retryWhileBusy } from './busy-retry.ts';
import { openDevicesInFile, saveAcksToFile, storedReceiptOf } from './sqlite-acks.ts';
import { appendToFile } from './sqlite-append.ts';
import {
  readDisconnectsAfterFromFile,
  readDisconnectsFromFile,
  saveDisconnectToFile,
} from './sqlite-disconnects.ts';
import { headInFile, markInFile, settleHistoryInFile, streamStartInFile } from './sqlite-history.ts';
import { readLogFromFile } from './sqlite-read-log.ts';
import { createSqliteSchema } from './sqlite-schema.ts';
import { checkFileWritable } from './check-file-writable.ts';
import { prepareStatements, type SqliteStatements } from './sqlite-statements.ts';
import { trimFile } from './sqlite-trim.ts';

export interface SqliteMessageStoreOptions {
  /** Path of the database file; it and its folder are made where they are missing, for the owner alone. */
  readonly file: string;
  /** Milliseconds after which a call gives up while another process keeps the file locked. */
  readonly deadlineMs?: number;
}

/** The same as the mysql kind's. */
const DEADLINE_MS = 4_000;

const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;

/**
 * The logs in one SQLite file, which several processes may use at once. Rejects with a StoreUnavailableError where the
 * file can't be opened.
 */
export async function createSqliteMessageStore(
  options: SqliteMessageStoreOptions,
): Promise<MessageStore & LogTrimmer> {
  const { file, deadlineMs = DEADLINE_MS } = options;
  try {
    mkdirSync(dirname(file), { recursive: true, mode: FOLDER_MODE });
    closeSync(openSync(file, 'a', FILE_MODE)); // SQLite gives its -wal and -shm files the same mode
    const database = new Database(file, { timeout: 0 });
    await retryWhileBusy({ what: 'opening the file', deadlineMs }, () => {
      database.exec('PRAGMA journal_mode = WAL');
      database.exec('PRAGMA synchronous = FULL'); // a commit is on the disk before it is answered
      createSqliteSchema(database);
    });
    return new SqliteMessageStore(database, deadlineMs);
  } catch (error) {
    throw unavailable('opening the file', error);
  }
}

class SqliteMessageStore implements MessageStore, LogTrimmer {
  readonly #database: Database.Database;
  readonly #deadlineMs: number;
  readonly #statements: SqliteStatements;

  constructor(database: Database.Database, deadlineMs: number) {
    this.#database = database;
    this.#deadlineMs = deadlineMs;
    this.#statements = prepareStatements(database);
  }

  append(requests: readonly AppendRequest[]): Promise<readonly AppendOutcome[]> {
    return appendTheRest(requests, refusal, (storable) =>
      appendApart(storable, (together) =>
        this.#whenFree('appending', () => appendToFile(this.#statements, together)),
      ),
    );
  }

  async readLog(query: LogQuery): Promise<LogSlice> {
    assertLogQuery(query);
    return await this.#snapshot('reading a log', (epoch) => {
      return {
        epoch,
        ...headInFile(this.#statements, query.targetId),
        ...readLogFromFile(this.#statements, query),
      };
    });
  }

  async readHeads(targetIds: readonly string[]): Promise<LogHeads> {
    targetIds.forEach(assertTargetId);
    if (targetIds.length > HEADS_PER_READ_MAX) {
      throw new RangeError(`at most ${HEADS_PER_READ_MAX} heads in one read`);
    }
    return await this.#snapshot('reading heads', (epoch, now) => ({
      epoch,
      databaseTimeMs: Date.parse(now),
      heads: new Map(
        targetIds.map((targetId) => {
          const head = headInFile(this.#statements, targetId);
          return [targetId, { ...head, mark: markInFile(this.#statements, targetId, head.head) }];
        }),
      ),
    }));
  }

  async readMarks(places: readonly LogPlace[]): Promise<readonly (RowMark | undefined)[]> {
    assertPlaces(places, ROWS_PER_READ_MAX);
    return await this.#snapshot('reading which rows there are', () =>
      places.map(({ targetId, offset }) => markInFile(this.#statements, targetId, offset)),
    );
  }

  async readStreamStarts(cursors: readonly ReaderCursor[]): Promise<readonly StreamStart[]> {
    assertPlaces(cursors, CURSORS_PER_READ_MAX);
    return await this.#snapshot('reading where streams start', (epoch) =>
      cursors.map((cursor) => streamStartInFile(this.#statements, epoch, cursor)),
    );
  }

  async settleHistory(doubt: HistoryDoubt): Promise<HistoryFinding> {
    assertPlaces(doubt.rows, DOUBTED_ROWS_MAX);
    return await this.#whenFree('settling what is true', () => settleHistoryInFile(this.#statements, doubt));
  }

  async saveAcks(acks: readonly Ack[]): Promise<void> {
    assertAcks(acks);
    await this.#whenFree('saving acks', () => {
      saveAcksToFile(this.#statements, acks);
    });
  }

  async openDevices(
    openings: readonly DeviceOpening[],
  ): Promise<readonly ReadonlyMap<string, LogPosition>[]> {
    assertOpenings(openings);
    return await this.#whenFree('opening devices', () => openDevicesInFile(this.#statements, openings));
  }

  async readReceipts({ targetId, limit }: ReceiptQuery): Promise<TargetReceipts> {
    assertReceiptQuery({ targetId, limit });
    return await this.#snapshot('reading receipts', (epoch) => ({
      epoch,
      head: headInFile(this.#statements, targetId).head,
      receipts: this.#statements.selectReceipts(targetId, limit).map(storedReceiptOf),
    }));
  }

  async disconnect(request: DisconnectRequest): Promise<Disconnect> {
    assertTargetId(request.clientId);
    return await this.#whenFree('disconnecting', () => saveDisconnectToFile(this.#statements, request));
  }

  async readDisconnects(clientIds: readonly string[]): Promise<DisconnectsReading> {
    assertDisconnectQuery(clientIds);
    return await this.#snapshot('reading disconnects', () =>
      readDisconnectsFromFile(this.#statements, clientIds),
    );
  }

  async readDisconnectsAfter(position: number): Promise<DisconnectsReading> {
    assertWholeNumber('position', position, 0);
    return await this.#snapshot('reading disconnects', () =>
      readDisconnectsAfterFromFile(this.#statements, position),
    );
  }

  async deleteOldest(query: TrimQuery): Promise<TrimStep> {
    assertTrimQuery(query);
    return await this.#whenFree('deleting the oldest', () => trimFile(this.#statements, query));
  }

  async checkReady(): Promise<readonly StoreRisk[]> {
    await this.#snapshot('checking the file', () => undefined);
    return [];
  }

  async checkWritable(): Promise<void> {
    await this.#whenFree('trying to write', () => {
      checkFileWritable(this.#database);
    });
  }

  renewConnections(): void {
    // A file is not moved to another server.
  }

  close(): Promise<void> {
    if (this.#database.open) this.#database.close();
    return Promise.resolve();
  }

  /** Reads everything that `read` asks for as of one commit. */
  #snapshot<T>(what: string, read: (epoch: string, now: string) => T): Promise<T> {
    return this.#whenFree(what, () => {
      this.#statements.beginReading();
      try {
        const [epoch, now] = this.#statements.selectEpoch()[0] ?? [];
        if (typeof epoch !== 'string' || typeof now !== 'string') throw new Error('the file has no epoch');
        return read(epoch, now);
      } finally {
        this.#statements.rollback();
      }
    });
  }

  async #whenFree<T>(what: string, work: () => T): Promise<T> {
    try {
      return await retryWhileBusy({ what, deadlineMs: this.#deadlineMs }, () => {
        if (!this.#database.open) throw new Error('the store is closed');
        return work();
      });
    } catch (error) {
      throw unavailable(what, error);
    }
  }
}

/** What lies in a row or in the caller stays what it is; everything else is the file's trouble. */
function unavailable(what: string, error: unknown): unknown {
  const isOwn = error instanceof StoreUnavailableError || error instanceof RowRefusedError;
  return isOwn ? error : new StoreUnavailableError(`${what} failed`, error);
}

function refusal(request: AppendRequest): AppendOutcome | undefined {
  const error = storageFault(request);
  return error === undefined ? undefined : { kind: 'failed', error };
}
