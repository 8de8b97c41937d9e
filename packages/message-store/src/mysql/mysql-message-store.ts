import type { RowMark } from '@postline/protocol';
import type { Ack, DeviceOpening, LogPosition, ReceiptQuery, TargetReceipts } from '../ack-store.ts';
import { appendTheRest } from '../rules/bisect-append.ts';
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
import type { MovedMessages, Outbox, OutboxPage, SetAsideRow } from '../outbox.ts';
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
import { Appender } from './append/appender.ts';
import { checkWritable } from './append/check-writable.ts';
import type { DatabaseAccess } from './sessions/database-connection.ts';
import {
  readGroupRows,
  readMemberChangeRows,
  readMemberRows,
  readMembershipRow,
  readMembershipRows,
} from './members/read-members.ts';
import { forgetOldDepartures } from './upkeep/forget-departures.ts';
import { deleteOldestRows } from './upkeep/delete-oldest.ts';
import { readDisconnectRows, readDisconnectRowsAfter, saveDisconnect } from './control/disconnect-rows.ts';
import { openDeviceRows } from './acks/open-devices.ts';
import { readLogHeads, readRowMarks } from './reading/read-heads.ts';
import { readEarlierLogSlice, readLogSlice } from './reading/read-log.ts';
import { readReceiptRows } from './acks/read-receipts.ts';
import { readStreamStartRows } from './reading/read-stream-starts.ts';
import { saveAckRows } from './acks/save-acks.ts';
import { StoreCalls } from './sessions/store-calls.ts';
import { SCHEMA_VERSION_BEFORE } from './schema/schema-version.ts';
import { DatabaseCheck } from './topology/database-check.ts';
import { settleHistory } from './upkeep/settle-history.ts';
import { type ConnectionBounds, StoreConnections } from './sessions/store-connections.ts';

export interface MysqlMessageStoreOptions extends DatabaseAccess, ConnectionBounds {
  /** Every call ends within this many milliseconds. */
  readonly deadlineMs?: number;
  /**
   * Whether to accept the schema of the previous release, and do without newer tables. For services that do not
   * migrate.
   */
  readonly takesSchemaBefore?: boolean;
}

/** A publisher must get its 503 within 5 s, so this leaves a second for everything else. */
const DEADLINE_MS = 4_000;

/** The share of the deadline that an append may use for writing. The rest is for looking up an unanswered COMMIT. */
const APPEND_SHARE = 0.75;

/** The logs in a MySQL or MariaDB database, which must be migrated already. Connects when first used. */
export function createMysqlMessageStore(
  options: MysqlMessageStoreOptions,
): MessageStore & Outbox & LogTrimmer & MemberUpkeep {
  return new MysqlMessageStore(options);
}

class MysqlMessageStore implements MessageStore, Outbox, LogTrimmer, MemberUpkeep {
  readonly #appender: Appender;
  readonly #connections: StoreConnections;
  readonly #calls: StoreCalls;
  readonly #check: DatabaseCheck;

  constructor(options: MysqlMessageStoreOptions) {
    const { databaseUrl, databaseCa, deadlineMs = DEADLINE_MS, takesSchemaBefore, ...bounds } = options;
    this.#connections = new StoreConnections({ databaseUrl, databaseCa }, deadlineMs, bounds);
    this.#calls = new StoreCalls(this.#connections, deadlineMs);
    this.#check = new DatabaseCheck(
      this.#connections,
      takesSchemaBefore === true ? SCHEMA_VERSION_BEFORE : undefined,
    );
    this.#appender = new Appender({
      writers: this.#connections.writers,
      session: this.#connections.writerSession,
      writingMs: deadlineMs * APPEND_SHARE,
    });
  }

  append(requests: readonly AppendRequest[]): Promise<readonly AppendOutcome[]> {
    return appendTheRest(requests, refusal, (storable) =>
      this.#calls.inTime('appending', (signal) => this.#appender.append(storable, signal)),
    );
  }

  get emptyAtMs(): number {
    return this.#appender.outboxEmptyAtMs;
  }

  async movePage(afterTargetId: string): Promise<OutboxPage> {
    return await this.#calls.inTime('moving the outbox', (signal) =>
      this.#appender.movePage(afterTargetId, signal),
    );
  }

  onMoved(listener: (moved: MovedMessages) => void): void {
    this.#appender.onMoved(listener);
  }

  onSetAside(listener: (row: SetAsideRow) => void): void {
    this.#appender.onSetAside(listener);
  }

  async readLog(query: LogQuery): Promise<LogSlice> {
    assertLogQuery(query);
    return await this.#calls.read('reading a log', (session) => readLogSlice(session, query));
  }

  async readEarlierLog(query: EarlierLogQuery): Promise<EarlierLogSlice> {
    assertEarlierLogQuery(query);
    return await this.#calls.read('reading a log', (session) => readEarlierLogSlice(session, query));
  }

  async readHeads(targetIds: readonly string[]): Promise<LogHeads> {
    targetIds.forEach(assertTargetId);
    if (targetIds.length > HEADS_PER_READ_MAX) {
      throw new RangeError(`at most ${HEADS_PER_READ_MAX} heads in one read`);
    }
    return await this.#calls.read('reading heads', (session) => readLogHeads(session, targetIds));
  }

  async readMarks(places: readonly LogPlace[]): Promise<readonly (RowMark | undefined)[]> {
    assertPlaces(places, ROWS_PER_READ_MAX);
    return await this.#calls.read('reading which rows there are', (session) => readRowMarks(session, places));
  }

  async readStreamStarts(cursors: readonly ReaderCursor[]): Promise<readonly StreamStart[]> {
    assertPlaces(cursors, CURSORS_PER_READ_MAX);
    this.#calls.renewReaders();
    return await this.#calls.read('reading where streams start', (session) =>
      readStreamStartRows(session, cursors),
    );
  }

  async settleHistory(doubt: HistoryDoubt): Promise<HistoryFinding> {
    assertPlaces(doubt.rows, DOUBTED_ROWS_MAX);
    this.#connections.writers.renew();
    const finding = await this.#calls.inTime('settling what is true', (signal) =>
      settleHistory(this.#connections.writers, doubt, signal),
    );
    if (finding.kind !== 'read-only') this.#calls.renewReaders();
    return finding;
  }

  async changeMembers(changes: readonly MembersChange[]): Promise<MembersChanged> {
    assertMemberChanges(changes);
    return await this.#calls.inTime('changing members', (signal) =>
      this.#appender.changeMembers(changes, signal),
    );
  }

  async readMembers(query: MembersQuery): Promise<readonly Member[]> {
    assertMembersQuery(query);
    return await this.#calls.read('reading members', (session) => readMemberRows(session, query));
  }

  async readGroupsOfClient(query: MembershipsQuery): Promise<readonly Membership[]> {
    assertMembershipsQuery(query);
    return await this.#calls.read('reading groups', (session) => readGroupRows(session, query));
  }

  async readMembership(place: MemberPlace): Promise<Membership | undefined> {
    assertMemberPlace(place);
    return await this.#calls.read('reading a membership', (session) => readMembershipRow(session, place));
  }

  async readMemberships(clientIds: readonly string[]): Promise<MembershipsReading> {
    assertMembershipClients(clientIds);
    return await this.#calls.read('reading memberships', (session) => readMembershipRows(session, clientIds));
  }

  async readMemberChanges(cursor: MemberCursor): Promise<MemberChangesReading> {
    assertMemberCursor(cursor);
    return await this.#calls.read('reading changes of members', (session) =>
      readMemberChangeRows(session, cursor),
    );
  }

  async forgetDepartures(): Promise<number> {
    return await this.#calls.write('forgetting departures', forgetOldDepartures);
  }

  async saveAcks(acks: readonly Ack[]): Promise<void> {
    assertAcks(acks);
    await this.#calls.save('saving acks', (session) => saveAckRows(session, acks));
  }

  async openDevices(
    openings: readonly DeviceOpening[],
  ): Promise<readonly ReadonlyMap<string, LogPosition>[]> {
    assertOpenings(openings);
    return await this.#calls.save('opening devices', (session) => openDeviceRows(session, openings));
  }

  async readReceipts(query: ReceiptQuery): Promise<TargetReceipts> {
    assertReceiptQuery(query);
    return await this.#calls.read('reading receipts', (session) => readReceiptRows(session, query));
  }

  async disconnect(request: DisconnectRequest): Promise<Disconnect> {
    assertTargetId(request.clientId);
    return await this.#calls.write('disconnecting', (session) => saveDisconnect(session, request));
  }

  async readDisconnects(clientIds: readonly string[]): Promise<DisconnectsReading> {
    assertDisconnectQuery(clientIds);
    return await this.#calls.read('reading disconnects', (session) => readDisconnectRows(session, clientIds));
  }

  async readDisconnectsAfter(position: number): Promise<DisconnectsReading> {
    assertWholeNumber('position', position, 0);
    return await this.#calls.read('reading disconnects', (session) =>
      readDisconnectRowsAfter(session, position),
    );
  }

  async deleteOldest(query: TrimQuery): Promise<TrimStep> {
    assertTrimQuery(query);
    return await this.#calls.save('deleting the oldest', (session) => deleteOldestRows(session, query));
  }

  async checkReady(): Promise<StoreCondition> {
    return await this.#calls.check('checking the database', (signal) => this.#check.run(signal));
  }

  async checkWritable(): Promise<void> {
    await this.#calls.write('trying to write', checkWritable);
  }

  renewConnections(): void {
    this.#connections.renew();
  }

  async close(): Promise<void> {
    await this.#calls.close();
  }
}

function refusal(request: AppendRequest): AppendOutcome | undefined {
  const error = storageFault(request);
  return error === undefined ? undefined : { kind: 'failed', error };
}
