import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import type { RowMark } from '@postline/protocol';
import Database from 'libsql';
import type { Ack, DeviceOpening, LogPosition, ReceiptQuery, TargetReceipts } from '../ack-store.ts';
import { appendApart, appendTheRest } from '../rules/bisect-append.ts';
import type { Disconnect, DisconnectRequest, DisconnectsReading } from '../disconnect-store.ts';
import { DOUBTED_ROWS_MAX, type HistoryDoubt, type HistoryFinding } from '../history.ts';
import type {
  Member,
  MemberChangesReading,
  MemberCursor,
  MembersChange,
  MembersChanged,
  Membership,
  MembershipsQuery,
  MembershipsReading,
  MembersQuery,
  MemberUpkeep,
} from '../member-store.ts';
import {
  assertMemberChanges,
  assertMemberCursor,
  assertMemberPlace,
  assertMembershipClients,
  assertMembershipsQuery,
  assertMembersQuery,
} from '../rules/member-arguments.ts';
import type { MemberPlace } from '../rules/member-plan.ts';
import {
  changeMembersInFile,
  forgetDeparturesInFile,
  groupsInFile,
  membershipInFile,
  membersInFile,
  readMemberChangesFromFile,
  readMembershipsFromFile,
} from './sqlite-members.ts';
import type { LogTrimmer, TrimQuery, TrimStep } from '../log-trimmer.ts';
import {
  type AppendOutcome,
  type AppendRequest,
  type EarlierLogQuery,
  type EarlierLogSlice,
  HEADS_PER_READ_MAX,
  type LogHeads,
  type LogPlace,
  type LogQuery,
  type LogSlice,
  type MessageStore,
  ROWS_PER_READ_MAX,
  type StoreCondition,
} from '../message-store.ts';
import {
  assertAcks,
  assertDisconnectQuery,
  assertEarlierLogQuery,
  assertLogQuery,
  assertOpenings,
  assertPlaces,
  assertReceiptQuery,
  assertTargetId,
  assertTrimQuery,
  assertWholeNumber,
  storageFault,
} from '../rules/store-arguments.ts';
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
import { FileCalls, unavailable } from './file-calls.ts';
import { readEarlierLogFromFile, readLogFromFile } from './sqlite-read-log.ts';
import { createSqliteSchema } from './sqlite-schema.ts';
import { checkFileWritable } from './check-file-writable.ts';
import { prepareStatements, type SqliteStatements } from './sqlite-statements.ts';
import { trimFile } from './sqlite-trim.ts';

export interface SqliteMessageStoreOptions {
  /** Path of the database file. The file and its folder are created if missing, with access for the owner only. */
  readonly file: string;
  /** Milliseconds after which a call fails while another process has the file locked. */
  readonly deadlineMs?: number;
}

/** The same as in the MySQL store. */
const DEADLINE_MS = 4_000;

const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;

/**
 * The logs in one SQLite file, which several processes may use at the same time. Rejects with a StoreUnavailableError
 * if the file can't be opened.
 */
export async function createSqliteMessageStore(
  options: SqliteMessageStoreOptions,
): Promise<MessageStore & LogTrimmer & MemberUpkeep> {
  const { file, deadlineMs = DEADLINE_MS } = options;
  try {
    mkdirSync(dirname(file), { recursive: true, mode: FOLDER_MODE });
    closeSync(openSync(file, 'a', FILE_MODE)); // SQLite gives its -wal and -shm files the same mode
    const database = new Database(file, { timeout: 0 });
    await retryWhileBusy({ what: 'opening the file', deadlineMs }, () => {
      database.exec('PRAGMA journal_mode = WAL');
      database.exec('PRAGMA synchronous = FULL'); // a commit is on the disk before it is confirmed
      createSqliteSchema(database);
    });
    return new SqliteMessageStore(database, deadlineMs);
  } catch (error) {
    throw unavailable('opening the file', error);
  }
}

class SqliteMessageStore implements MessageStore, LogTrimmer, MemberUpkeep {
  readonly #database: Database.Database;
  readonly #statements: SqliteStatements;
  readonly #calls: FileCalls;

  constructor(database: Database.Database, deadlineMs: number) {
    this.#database = database;
    this.#statements = prepareStatements(database);
    this.#calls = new FileCalls({ database, statements: this.#statements, deadlineMs });
  }

  append(requests: readonly AppendRequest[]): Promise<readonly AppendOutcome[]> {
    return appendTheRest(requests, refusal, (storable) =>
      appendApart(storable, (together) =>
        this.#calls.whenFree('appending', () => appendToFile(this.#statements, together)),
      ),
    );
  }

  async readLog(query: LogQuery): Promise<LogSlice> {
    assertLogQuery(query);
    return await this.#calls.snapshot('reading a log', (epoch) => {
      return { epoch, ...readLogFromFile(this.#statements, query) };
    });
  }

  async readEarlierLog(query: EarlierLogQuery): Promise<EarlierLogSlice> {
    assertEarlierLogQuery(query);
    return await this.#calls.snapshot('reading a log', (epoch) => {
      return { epoch, ...readEarlierLogFromFile(this.#statements, query) };
    });
  }

  async readHeads(targetIds: readonly string[]): Promise<LogHeads> {
    targetIds.forEach(assertTargetId);
    if (targetIds.length > HEADS_PER_READ_MAX) {
      throw new RangeError(`at most ${HEADS_PER_READ_MAX} heads in one read`);
    }
    return await this.#calls.snapshot('reading heads', (epoch, now) => ({
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
    return await this.#calls.snapshot('reading which rows there are', () =>
      places.map(({ targetId, offset }) => markInFile(this.#statements, targetId, offset)),
    );
  }

  async readStreamStarts(cursors: readonly ReaderCursor[]): Promise<readonly StreamStart[]> {
    assertPlaces(cursors, CURSORS_PER_READ_MAX);
    return await this.#calls.snapshot('reading where streams start', (epoch) =>
      cursors.map((cursor) => streamStartInFile(this.#statements, epoch, cursor)),
    );
  }

  async settleHistory(doubt: HistoryDoubt): Promise<HistoryFinding> {
    assertPlaces(doubt.rows, DOUBTED_ROWS_MAX);
    return await this.#calls.whenFree('settling what is true', () =>
      settleHistoryInFile(this.#statements, doubt),
    );
  }

  async saveAcks(acks: readonly Ack[]): Promise<void> {
    assertAcks(acks);
    await this.#calls.whenFree('saving acks', () => {
      saveAcksToFile(this.#statements, acks);
    });
  }

  async openDevices(
    openings: readonly DeviceOpening[],
  ): Promise<readonly ReadonlyMap<string, LogPosition>[]> {
    assertOpenings(openings);
    return await this.#calls.whenFree('opening devices', () => openDevicesInFile(this.#statements, openings));
  }

  async readReceipts({ targetId, limit }: ReceiptQuery): Promise<TargetReceipts> {
    assertReceiptQuery({ targetId, limit });
    return await this.#calls.snapshot('reading receipts', (epoch) => ({
      epoch,
      head: headInFile(this.#statements, targetId).head,
      receipts: this.#statements.selectReceipts(targetId, limit).map(storedReceiptOf),
    }));
  }

  async disconnect(request: DisconnectRequest): Promise<Disconnect> {
    assertTargetId(request.clientId);
    return await this.#calls.whenFree('disconnecting', () => saveDisconnectToFile(this.#statements, request));
  }

  async readDisconnects(clientIds: readonly string[]): Promise<DisconnectsReading> {
    assertDisconnectQuery(clientIds);
    return await this.#calls.snapshot('reading disconnects', () =>
      readDisconnectsFromFile(this.#statements, clientIds),
    );
  }

  async readDisconnectsAfter(position: number): Promise<DisconnectsReading> {
    assertWholeNumber('position', position, 0);
    return await this.#calls.snapshot('reading disconnects', () =>
      readDisconnectsAfterFromFile(this.#statements, position),
    );
  }

  async changeMembers(changes: readonly MembersChange[]): Promise<MembersChanged> {
    assertMemberChanges(changes);
    return await this.#calls.whenFree('changing members', () =>
      changeMembersInFile(this.#statements, changes),
    );
  }

  async readMembers(query: MembersQuery): Promise<readonly Member[]> {
    assertMembersQuery(query);
    return await this.#calls.snapshot('reading members', () => membersInFile(this.#statements, query));
  }

  async readGroupsOfClient(query: MembershipsQuery): Promise<readonly Membership[]> {
    assertMembershipsQuery(query);
    return await this.#calls.snapshot('reading groups', () => groupsInFile(this.#statements, query));
  }

  async readMembership(place: MemberPlace): Promise<Membership | undefined> {
    assertMemberPlace(place);
    return await this.#calls.snapshot('reading a membership', () =>
      membershipInFile(this.#statements, place),
    );
  }

  async readMemberships(clientIds: readonly string[]): Promise<MembershipsReading> {
    assertMembershipClients(clientIds);
    return await this.#calls.snapshot('reading memberships', (epoch) =>
      readMembershipsFromFile(this.#statements, epoch, clientIds),
    );
  }

  async readMemberChanges(cursor: MemberCursor): Promise<MemberChangesReading> {
    assertMemberCursor(cursor);
    return await this.#calls.snapshot('reading changes of members', (epoch) =>
      readMemberChangesFromFile(this.#statements, epoch, cursor),
    );
  }

  async forgetDepartures(): Promise<number> {
    return await this.#calls.whenFree('forgetting departures', () =>
      forgetDeparturesInFile(this.#statements),
    );
  }

  async deleteOldest(query: TrimQuery): Promise<TrimStep> {
    assertTrimQuery(query);
    return await this.#calls.whenFree('deleting the oldest', () => trimFile(this.#statements, query));
  }

  async checkReady(): Promise<StoreCondition> {
    await this.#calls.snapshot('checking the file', () => undefined);
    return { server: undefined, readOnlyBy: undefined, risks: [] };
  }

  async checkWritable(): Promise<void> {
    await this.#calls.whenFree('trying to write', () => {
      checkFileWritable(this.#database);
    });
  }

  renewConnections(): void {
    // A file never moves to another server.
  }

  close(): Promise<void> {
    if (this.#database.open) this.#database.close();
    return Promise.resolve();
  }
}

function refusal(request: AppendRequest): AppendOutcome | undefined {
  const error = storageFault(request);
  return error === undefined ? undefined : { kind: 'failed', error };
}
