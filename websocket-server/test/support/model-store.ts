import {
  type Ack,
  contradicts,
  type DeviceOpening,
  type EarlierLogQuery,
  type EarlierLogSlice,
  type HistoryDoubt,
  type HistoryFinding,
  type LogHead,
  type LogHeads,
  type LogPlace,
  type LogPosition,
  type LogQuery,
  type LogSlice,
  type MemberChangesReading,
  type MemberCursor,
  type MembershipsReading,
  type ReaderCursor,
  type StoredMessage,
  StoreUnavailableError,
  type StreamStart,
  streamStart,
} from '@postline/message-store';
import { encodeNewMessage, type RowMark } from '@postline/protocol';

interface ModelLog {
  messages: StoredMessage[];
  head: number;
  epochStart: number;
}

/** Logs in memory, with every log that ever was: what a reader may be shown, and when. */
export class ModelStore {
  /** Awaited before each read looks at the logs. Rejecting is a database that doesn't answer. */
  beforeRead: () => Promise<void> = () => Promise.resolve();
  /** Awaited between the look and the answer. */
  beforeAnswer: () => Promise<void> = () => Promise.resolve();
  readonly logQueries: LogQuery[] = [];
  readonly earlierQueries: EarlierLogQuery[] = [];
  readonly headQueries: (readonly string[])[] = [];
  readonly markQueries: (readonly LogPlace[])[] = [];
  readonly startQueries: (readonly ReaderCursor[])[] = [];
  readonly doubts: HistoryDoubt[] = [];
  /** What each call of saveAcks was given. */
  readonly ackWrites: (readonly Ack[])[] = [];
  readonly openings: (readonly DeviceOpening[])[] = [];
  #lifetimes = 1;
  #logs = new Map<string, ModelLog>();
  /** Each epoch's logs; those of earlier ones as they were at their end. */
  readonly #logsByEpoch = new Map([[this.epoch, this.#logs]]);
  #messagesWritten = 0;
  #rowsWritten = 0;
  /** By client and device, then by target. */
  readonly #acks = new Map<string, Map<string, LogPosition>>();

  get epoch(): string {
    return `epoch-${this.#lifetimes}`;
  }

  /** Commits one message; the frame that its hint would carry. */
  append(targetId: string, text = `text ${(this.#messagesWritten += 1)}`): string {
    const log = this.#log(targetId);
    log.head += 1;
    const message = {
      id: `${(this.#rowsWritten += 1)}`,
      targetId,
      offset: log.head,
      message: text,
      createdAt: CREATED_AT,
    };
    log.messages.push(message);
    return encodeNewMessage(message, this.epoch);
  }

  /** Commits so many messages. */
  appendMany(targetId: string, count: number): string[] {
    return Array.from({ length: count }, () => this.append(targetId));
  }

  /** The retention rule: these are gone. */
  deleteUpTo(targetId: string, offset: number): void {
    const log = this.#log(targetId);
    log.messages = log.messages.filter((message) => message.offset > offset);
  }

  /** A backup without the last `lost` messages of each log was restored, and a new epoch begun. */
  restart(lost: number): void {
    const logs = new Map<string, ModelLog>();
    for (const [targetId, { messages, head }] of this.#logs) {
      const kept = Math.max(0, head - lost);
      logs.set(targetId, {
        messages: messages.filter(({ offset }) => offset <= kept),
        head: kept,
        epochStart: kept,
      });
    }
    // Acks are in the backup too, and so never beyond its heads.
    for (const places of this.#acks.values()) {
      for (const [targetId, { epoch, offset }] of places) {
        places.set(targetId, { epoch, offset: Math.min(offset, logs.get(targetId)?.head ?? 0) });
      }
    }
    this.#lifetimes += 1;
    this.#logs = logs;
    this.#logsByEpoch.set(this.epoch, logs);
  }

  /** The last `lost` messages of each log are gone, and nothing says so. */
  rewind(lost: number): void {
    for (const log of this.#logs.values()) {
      log.head = Math.max(0, log.head - lost);
      log.messages = log.messages.filter(({ offset }) => offset <= log.head);
    }
  }

  head(targetId: string): number {
    return this.#log(targetId).head;
  }

  /** The message at that place in that epoch's log; undefined where it was deleted or never was. */
  messageAt(epoch: string, targetId: string, offset: number): string | undefined {
    const log = this.#logsByEpoch.get(epoch)?.get(targetId);
    return log?.messages.find((message) => message.offset === offset)?.message;
  }

  async readLog(query: LogQuery): Promise<LogSlice> {
    this.logQueries.push(query);
    await this.beforeRead();
    const { messages, head, epochStart } = this.#log(query.targetId);
    const after = messages.filter(({ offset }) => offset > query.afterOffset);
    const rows = rowsWithin(after.slice(0, query.limit), query.bytesMax);
    const slice = {
      epoch: this.epoch,
      head,
      epochStart,
      messages: rows,
      hasMore: rows.length === query.limit || rows.length < after.length,
    };
    await this.beforeAnswer();
    return slice;
  }

  async readEarlierLog(query: EarlierLogQuery): Promise<EarlierLogSlice> {
    this.earlierQueries.push(query);
    await this.beforeRead();
    const { messages, head, epochStart } = this.#log(query.targetId);
    const { beforeOffset = head + 1, afterOffset = 0, limit } = query;
    const earlier = messages.filter(({ offset }) => offset < beforeOffset && offset > afterOffset);
    const newest = rowsWithin(earlier.toReversed().slice(0, limit), query.bytesMax);
    const hasMore = newest.length === limit || newest.length < earlier.length;
    const slice = { epoch: this.epoch, head, epochStart, messages: newest.toReversed(), hasMore };
    const first = slice.messages[0]?.offset;
    const truncatedBefore = hasMore || first === 1 ? undefined : first;
    await this.beforeAnswer();
    return { ...slice, truncatedBefore };
  }

  async readHeads(targetIds: readonly string[]): Promise<LogHeads> {
    this.headQueries.push(targetIds);
    await this.beforeRead();
    const heads = new Map(
      targetIds.map((targetId): [string, LogHead] => [targetId, headOf(this.#log(targetId))]),
    );
    const answer = { epoch: this.epoch, databaseTimeMs: Date.parse(CREATED_AT), heads };
    await this.beforeAnswer();
    return answer;
  }

  async readMarks(places: readonly LogPlace[]): Promise<(RowMark | undefined)[]> {
    this.markQueries.push(places);
    await this.beforeRead();
    return places.map(({ targetId, offset }) => markAt(this.#log(targetId).messages, offset));
  }

  async readStreamStarts(cursors: readonly ReaderCursor[]): Promise<StreamStart[]> {
    this.startQueries.push(cursors);
    await this.beforeRead();
    const starts = cursors.map((cursor) => {
      const log = this.#log(cursor.targetId);
      const rowAtCursor = markAt(log.messages, cursor.offset);
      return streamStart(cursor, { ...headOf(log), epoch: this.epoch, rowAtCursor });
    });
    await this.beforeAnswer();
    return starts;
  }

  /** As the server that takes the writes: where the doubt is right, a new epoch begins with the logs as they are. */
  async settleHistory(doubt: HistoryDoubt): Promise<HistoryFinding> {
    this.doubts.push(doubt);
    await this.beforeRead();
    const { epoch } = this;
    if (doubt.epoch !== epoch) return { kind: 'epoch-changed', epoch };
    const isContradicted = doubt.rows.some((known) => {
      const { head, messages } = this.#log(known.targetId);
      return contradicts(known, { head, row: markAt(messages, known.offset) });
    });
    if (!isContradicted) return { kind: 'unchanged' };
    this.#lifetimes += 1;
    this.#logsByEpoch.set(this.epoch, this.#logs);
    return { kind: 'epoch-begun', epoch: this.epoch, certainUntil: CREATED_AT };
  }

  async saveAcks(acks: readonly Ack[]): Promise<void> {
    this.ackWrites.push(acks);
    await this.beforeRead();
    for (const { clientId, deviceId = '', targetId, epoch, offset } of acks) {
      const places = this.#placesOf(clientId, deviceId);
      const before = places.get(targetId);
      const isLower = before?.epoch === epoch && before.offset >= offset;
      if (epoch === this.epoch && !isLower) places.set(targetId, { epoch, offset });
    }
    await this.beforeAnswer();
  }

  async openDevices(openings: readonly DeviceOpening[]): Promise<ReadonlyMap<string, LogPosition>[]> {
    this.openings.push(openings);
    await this.beforeRead();
    const opened = openings.map(({ clientId, deviceId, targetIds }) => {
      const places = this.#placesOf(clientId, deviceId);
      for (const targetId of targetIds) {
        if (!places.has(targetId)) places.set(targetId, { epoch: this.epoch, offset: this.head(targetId) });
      }
      return new Map(places);
    });
    await this.beforeAnswer();
    return opened;
  }

  /** Nobody is a member of a group. */
  readMemberships(clientIds: readonly string[]): Promise<MembershipsReading> {
    const cursor = { epoch: this.epoch, position: 0, mark: undefined };
    return Promise.resolve({ cursor, groups: new Map(clientIds.map((clientId) => [clientId, []])) });
  }

  readMemberChanges(cursor: MemberCursor): Promise<MemberChangesReading> {
    return Promise.resolve({ kind: 'changes', changes: [], cursor, hasMore: false });
  }

  /** What is stored for a reader of its client's log. */
  lastAck(clientId: string, deviceId = ''): LogPosition | undefined {
    return this.#placesOf(clientId, deviceId).get(clientId);
  }

  #placesOf(clientId: string, deviceId: string): Map<string, LogPosition> {
    const key = `${clientId} ${deviceId}`;
    const places = this.#acks.get(key) ?? new Map<string, LogPosition>();
    this.#acks.set(key, places);
    return places;
  }

  #log(targetId: string): ModelLog {
    const log = this.#logs.get(targetId) ?? { messages: [], head: 0, epochStart: 0 };
    this.#logs.set(targetId, log);
    return log;
  }
}

/** As many as fit the reader's bound in bytes, and at least one. */
function rowsWithin(rows: readonly StoredMessage[], bytesMax = Infinity): readonly StoredMessage[] {
  let bytes = 0;
  return rows.filter(({ message }, index) => {
    bytes += Buffer.byteLength(message);
    return index === 0 || bytes <= bytesMax;
  });
}

const CREATED_AT = '2026-11-23T00:00:00.000Z';

function headOf({ messages, head, epochStart }: ModelLog): LogHead {
  return { head, epochStart, mark: markAt(messages, head) };
}

function markAt(messages: readonly StoredMessage[], at: number): RowMark | undefined {
  const row = messages.find(({ offset }) => offset === at);
  return row && { id: row.id, createdAt: row.createdAt };
}

/** What a store says while its database is away. */
export function databaseAway(): Promise<never> {
  return Promise.reject(new StoreUnavailableError('reading', undefined));
}
