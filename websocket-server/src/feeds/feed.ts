import { contradicts, type KnownRow } from '@postline/message-store';
import { type Envelope, isSameRow, rowMarkToKeep } from '@postline/protocol';
import { FanOut, type FeedFollower, type TurnEnd } from './fan-out.ts';
import type { HeadReading } from './head-reader.ts';
import type { LogHistory } from './log-history.ts';
import type { RelayCounters } from '../metrics/relay-counters.ts';
import { type Position, SeenRows } from './seen-rows.ts';

/** A hint that overtook another is a few ms early at most; after that the predecessor counts as lost. */
const EARLY_HINT_WAIT_MS = 10;
/** Hints that may wait for their predecessor; beyond it the log is the quicker way. */
const EARLY_HINTS_MAX = 64;

export interface FeedOptions {
  readonly targetId: string;
  readonly counters: RelayCounters;
  /** Reads heads from the database, after the call. */
  readonly heads: { read(targetId: string): Promise<HeadReading> };
  readonly turn: TurnEnd;
  readonly history: Pick<LogHistory, 'isCurrent' | 'doubt'>;
  /** A hint came that nothing known explains: the feed is to be compared soon. */
  readonly onSuspicion: (feed: Feed) => void;
}

/** What a comparison found out. */
export interface Comparison {
  readonly reading: HeadReading;
  /** What the feed knew when the database was asked. */
  readonly known: Position;
  /** The rows that were compared, and the one among them that the database contradicts. */
  readonly rows: readonly KnownRow[];
  readonly contradicted: KnownRow | undefined;
  readonly databaseTimeMs: number;
  readonly hintsFlow: boolean;
}

/**
 * One target's head, and who follows it. The head moves by hints that come in order, and by what the database says;
 * a hint that does neither only makes the feed ask the database.
 */
export class Feed {
  readonly targetId: string;
  /** Rows in a page of this log, as its last reader found them to fit; undefined until one has. */
  pageRows: number | undefined;
  readonly #counters: RelayCounters;
  readonly #heads: FeedOptions['heads'];
  readonly #turn: TurnEnd;
  readonly #history: FeedOptions['history'];
  readonly #onSuspicion: FeedOptions['onSuspicion'];
  readonly #seen: SeenRows;
  /** The only one, as with most targets; all of them, once there were several at the same time. */
  #follower: FeedFollower | FanOut | undefined;
  /** Undefined until the database told it for the first time. */
  #position: Position | undefined;
  /** The highest offset that was heard of; while it is above the head, something is missing. */
  #highestSeen = 0;
  /** What a comparison found ahead of every hint; 0 once its hint has come. */
  #unhinted = 0;
  /** Hints that came before their predecessor, by offset; only there while there are any. */
  #early: Map<number, Envelope> | undefined;
  #earlyTimer: NodeJS.Timeout | undefined;
  #asking = false;
  #closed = false;

  constructor(options: FeedOptions) {
    this.targetId = options.targetId;
    this.#counters = options.counters;
    this.#heads = options.heads;
    this.#turn = options.turn;
    this.#history = options.history;
    this.#onSuspicion = options.onSuspicion;
    this.#seen = new SeenRows(options.targetId);
  }

  /** What the feed knows; undefined until the database has told it. */
  get position(): Position | undefined {
    return this.#position;
  }

  get head(): number {
    return this.#position?.head ?? 0;
  }

  get epoch(): string | undefined {
    return this.#position?.epoch;
  }

  /** What is to be compared with the database. */
  seenRows(): readonly KnownRow[] {
    return this.#seen.rows(this.#position);
  }

  addFollower(follower: FeedFollower): void {
    if (this.#follower === undefined) {
      this.#follower = follower;
      return;
    }
    this.#follower = this.#fanOutOf(this.#follower);
    this.#follower.add(follower);
  }

  removeFollower(follower: FeedFollower): void {
    if (this.#follower instanceof FanOut) this.#follower.remove(follower);
    else if (this.#follower === follower) this.#follower = undefined;
  }

  /** Nobody follows it, and no hint comes from now on. */
  close(): void {
    this.#closed = true;
    this.#forgetEarly();
  }

  /** A frame came over the bus. */
  onHint(envelope: Envelope): void {
    const position = this.#position;
    if (position === undefined) {
      this.#highestSeen = Math.max(this.#highestSeen, envelope.offset);
    } else if (envelope.epoch !== position.epoch) {
      this.onForeignHint();
    } else if (envelope.offset <= position.head) {
      this.#onOldHint(envelope, position);
    } else if (envelope.offset > position.head + 1) {
      this.#keepEarly(envelope);
    } else {
      this.#advance(position.epoch, envelope);
      this.#applyEarly(position.epoch);
    }
  }

  /** Something came over the bus that is no frame of this log: what is true, only the database can say. */
  onForeignHint(): void {
    this.#counters.hintsForeign += 1;
    this.askDatabase();
  }

  /** Reads the head from the database and goes by it. One such question at a time. */
  askDatabase(): void {
    if (this.#asking || this.#closed) return;
    this.#asking = true;
    const known = this.#position;
    this.#heads.read(this.targetId).then(
      (reading) => {
        this.#asking = false;
        this.onReading(reading, known);
        this.#waitForMissing(); // the answer may be older than what was heard of since
      },
      () => {
        this.#asking = false; // the database is away; the comparison of heads asks again when it is back
        this.#early = undefined;
      },
    );
  }

  /**
   * The database told the head. `known` is the position at the moment it was asked: hints that came meanwhile may
   * be ahead of the reading, but nothing known before may be beyond it. False where the reading can't be believed
   * before the server that takes the writes was asked.
   */
  onReading(reading: HeadReading, known: Position | undefined): boolean {
    if (this.#closed) return false;
    if (known !== undefined && known.epoch !== this.epoch) return false; // about a log that was left meanwhile
    if (!this.#history.isCurrent(reading.epoch)) {
      this.#history.doubt();
      return false;
    }
    if (reading.epoch !== this.epoch) {
      this.#begin(reading);
      return true;
    }
    const row = known && { targetId: this.targetId, offset: known.head, mark: known.mark };
    const rowThere = reading.head === row?.offset ? reading.mark : undefined;
    if (row !== undefined && contradicts(row, { head: reading.head, row: rowThere })) {
      this.#doubt(row);
      return false;
    }
    this.#raiseHead(reading);
    return true;
  }

  /**
   * A comparison told the head. Where it is ahead of this feed while hints flow, the hint is probably on its way: it
   * gets the few ms that an early one would get, then the database is asked again.
   */
  onComparison(comparison: Comparison): void {
    const { reading, known, rows, contradicted, databaseTimeMs, hintsFlow } = comparison;
    if (known.epoch !== this.epoch || reading.epoch !== known.epoch) {
      this.onReading(reading, known);
      return;
    }
    if (contradicted !== undefined) {
      this.#doubt(contradicted);
      return;
    }
    this.#seen.onAgreed(rows, databaseTimeMs);
    if (known === this.#position && known.mark === undefined && reading.head === known.head)
      this.#position = { ...known, mark: reading.mark };
    if (!hintsFlow) {
      this.#unhinted = 0;
      this.#raiseHead(reading);
      return;
    }
    this.#countLostHint();
    if (reading.head > this.head) this.#unhinted = reading.head;
    this.#follower?.chase(); // whoever is behind and does nothing about it, as its read failed
    this.#expect(reading.head);
  }

  #fanOutOf(followed: FeedFollower | FanOut): FanOut {
    if (followed instanceof FanOut) return followed;
    const fanOut = new FanOut(this.#turn);
    fanOut.add(followed);
    return fanOut;
  }

  /** The first reading, or one of another log than before: then everybody who follows is told. */
  #begin({ epoch, head, mark }: HeadReading): void {
    const isFirst = this.#position === undefined;
    this.#position = { epoch, head, mark };
    if (isFirst) {
      this.#expect(this.#highestSeen);
      return;
    }
    this.#forgetEarly();
    this.#highestSeen = 0;
    this.#unhinted = 0;
    this.#seen.forget();
    this.#follower?.onRestart();
  }

  #doubt(row: KnownRow): void {
    this.#history.doubt({ ...row, sharedUntilMs: this.#seen.sharedUntilMs(row) });
  }

  /** Late, or published again by a retry: or of another history, in which this offset is new. */
  #onOldHint(envelope: Envelope, position: Position): void {
    this.#counters.hintsOld += 1;
    const { offset } = envelope;
    if (offset === this.#unhinted) this.#unhinted = 0;
    if (this.#seen.isPinned) return;
    const isHead = offset === position.head && position.mark !== undefined;
    if (isHead ? isSameRow(position.mark, envelope) : this.#seen.knows(offset, envelope)) return;
    this.#seen.pin(position);
    this.#onSuspicion(this);
  }

  #advance(epoch: string, { offset, id, createdAt, frame }: Envelope): void {
    this.#position = { epoch, head: offset, mark: rowMarkToKeep(id, createdAt) };
    this.#counters.hintsApplied += 1;
    if (offset === this.#unhinted) this.#unhinted = 0;
    this.#follower?.onFrame(offset, frame);
  }

  /** What the last comparison found ahead, no hint has told until this one. */
  #countLostHint(): void {
    if (this.#unhinted > 0) this.#counters.hintsLost += 1;
    this.#unhinted = 0;
  }

  #raiseHead({ epoch, head, mark }: HeadReading): void {
    if (head > this.head) {
      this.#position = { epoch, head, mark };
      this.#counters.gapsRepaired += 1;
    }
    this.#follower?.chase();
    this.#applyEarly(epoch);
  }

  #keepEarly(envelope: Envelope): void {
    this.#counters.hintsEarly += 1;
    this.#early ??= new Map();
    if (this.#early.size < EARLY_HINTS_MAX) this.#early.set(envelope.offset, envelope);
    this.#expect(envelope.offset);
  }

  /** Sends what was early and has its turn now; what came by another way meanwhile is forgotten. */
  #applyEarly(epoch: string): void {
    const early = this.#early;
    if (early === undefined) return;
    for (let next = early.get(this.head + 1); next !== undefined; next = early.get(this.head + 1)) {
      this.#advance(epoch, next);
    }
    for (const offset of early.keys()) if (offset <= this.head) early.delete(offset);
    if (early.size === 0) this.#early = undefined;
  }

  /** Somebody said that the log goes up to `offset`: if that doesn't come by itself, the database is asked. */
  #expect(offset: number): void {
    this.#highestSeen = Math.max(this.#highestSeen, offset);
    this.#waitForMissing();
  }

  #waitForMissing(): void {
    if (this.#highestSeen <= this.head) return;
    this.#earlyTimer ??= setTimeout(() => {
      this.#earlyTimer = undefined;
      if (this.#highestSeen <= this.head || this.#asking) return;
      this.#highestSeen = this.head;
      this.#early = undefined; // the log has them too, and what anybody wrote on the bus is not kept for ever
      this.askDatabase();
    }, EARLY_HINT_WAIT_MS);
  }

  #forgetEarly(): void {
    clearTimeout(this.#earlyTimer);
    this.#earlyTimer = undefined;
    this.#early = undefined;
  }
}
