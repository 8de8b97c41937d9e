import { contradicts, type KnownRow } from '@postline/message-store';
import { type Envelope, isSameRow, rowMarkToKeep } from '@postline/protocol';
import { FanOut, type FeedFollower, type TurnEnd } from './fan-out.ts';
import type { HeadReading } from './head-reader.ts';
import type { LogHistory } from './log-history.ts';
import type { RelayCounters } from '../metrics/relay-counters.ts';
import { type Position, SeenRows } from './seen-rows.ts';

/** A hint that overtook another is at most a few ms early; after that time its predecessor counts as lost. */
const EARLY_HINT_WAIT_MS = 10;
/** Hints that may wait for their predecessor; if there are more, reading the log is faster. */
const EARLY_HINTS_MAX = 64;

export interface FeedOptions {
  readonly targetId: string;
  readonly counters: RelayCounters;
  /** Reads heads from the database, after the call. */
  readonly heads: { read(targetId: string): Promise<HeadReading> };
  readonly turn: TurnEnd;
  readonly history: Pick<LogHistory, 'isCurrent' | 'doubt'>;
  /** A hint arrived that nothing known explains: the feed should be compared soon. */
  readonly onSuspicion: (feed: Feed) => void;
}

/** The result of a comparison with the database. */
export interface Comparison {
  readonly reading: HeadReading;
  /** The feed's position when the database was queried. */
  readonly known: Position;
  /** The rows that were compared, and one of them that the database contradicts. */
  readonly rows: readonly KnownRow[];
  readonly contradicted: KnownRow | undefined;
  readonly databaseTimeMs: number;
  readonly hintsFlow: boolean;
}

/**
 * One target's head, and its followers. Hints that arrive in order move the head, and so do readings of the database; any
 * other hint only makes the feed query the database.
 */
export class Feed {
  readonly targetId: string;
  /** How many rows of this log fit a page, as its last reader found; undefined until then. */
  pageRows: number | undefined;
  readonly #counters: RelayCounters;
  readonly #heads: FeedOptions['heads'];
  readonly #turn: TurnEnd;
  readonly #history: FeedOptions['history'];
  readonly #onSuspicion: FeedOptions['onSuspicion'];
  readonly #seen: SeenRows;
  /** The only follower, as of most targets, or all of them once there were several at a time. */
  #follower: FeedFollower | FanOut | undefined;
  /** Undefined until the first reading. */
  #position: Position | undefined;
  /** The highest offset in any hint or reading; while it is above the head, messages are missing. */
  #highestSeen = 0;
  /** The head that a comparison found ahead of every hint; 0 once its hint has arrived. */
  #unhinted = 0;
  /** Hints that arrived before their predecessor, by offset; undefined while there are none. */
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

  /** Undefined until the first reading. */
  get position(): Position | undefined {
    return this.#position;
  }

  get head(): number {
    return this.#position?.head ?? 0;
  }

  get epoch(): string | undefined {
    return this.#position?.epoch;
  }

  /** The rows to compare with the database. */
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

  /** To be called when it has no followers; it takes no hints after it. */
  close(): void {
    this.#closed = true;
    this.#forgetEarly();
  }

  /** A frame arrived over the bus. */
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

  /** A payload arrived that is not a frame of this log: only the database can settle that. */
  onForeignHint(): void {
    this.#counters.hintsForeign += 1;
    this.askDatabase();
  }

  /** Reads the head from the database and applies it. One such query at a time. */
  askDatabase(): void {
    if (this.#asking || this.#closed) return;
    this.#asking = true;
    const known = this.#position;
    this.#heads.read(this.targetId).then(
      (reading) => {
        this.#asking = false;
        const headBefore = this.head;
        this.onReading(reading, known);
        this.#chaseUnlessRisen(headBefore); // a follower may have read less than it should
        this.#waitForMissing(); // the answer may be older than hints that arrived since
      },
      () => {
        this.#asking = false; // the database is away; the comparison of heads queries it again when it is back
        this.#early = undefined;
      },
    );
  }

  /**
   * Applies a reading of the head. `known` is the position when the database was queried: hints that arrived meanwhile may
   * be ahead of the reading, but nothing that was known before may be. False if the reading cannot be trusted until the
   * server that takes the writes has been asked.
   */
  onReading(reading: HeadReading, known: Position | undefined): boolean {
    if (this.#closed) return false;
    if (known !== undefined && known.epoch !== this.epoch) return false; // of a log that was replaced meanwhile
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
   * Applies a comparison. If its head is ahead of this feed while hints flow, the hint is probably on its way: it gets
   * the few ms that an early hint would get, then the database is queried again.
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
    const headBefore = this.head;
    if (known === this.#position && known.mark === undefined && reading.head === known.head)
      this.#position = { ...known, mark: reading.mark };
    if (hintsFlow) {
      this.#countLostHint();
      if (reading.head > this.head) this.#unhinted = reading.head;
      this.#expect(reading.head);
    } else {
      this.#unhinted = 0;
      this.#raiseHead(reading);
    }
    this.#chaseUnlessRisen(headBefore); // for followers that are behind because their read failed
  }

  #fanOutOf(followed: FeedFollower | FanOut): FanOut {
    if (followed instanceof FanOut) return followed;
    const fanOut = new FanOut(this.#turn, this.#counters);
    fanOut.add(followed);
    return fanOut;
  }

  /** Takes over the first reading, or one of another log, which all followers are notified of. */
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

  /** A late hint, or one that a retry published again; or one of another history, in which this offset is new. */
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

  #advance(epoch: string, envelope: Envelope): void {
    const { targetId, offset, id, createdAt, frame, traceparent } = envelope;
    this.#position = { epoch, head: offset, mark: rowMarkToKeep(id, createdAt) };
    this.#counters.hintsApplied += 1;
    if (offset === this.#unhinted) this.#unhinted = 0;
    const follower = this.#follower;
    if (follower instanceof FanOut) follower.onFrame(envelope);
    else if (follower?.onFrame(offset, frame) === true) {
      this.#counters.sendDelays.onHinted(createdAt, 1);
      if (traceparent !== undefined) this.#counters.sendSpans?.onHinted({ targetId, offset, traceparent }, 1);
    }
  }

  /** A hint is lost if the last comparison was ahead of it and it has not arrived before this one. */
  #countLostHint(): void {
    if (this.#unhinted > 0) this.#counters.hintsLost += 1;
    this.#unhinted = 0;
  }

  /** Followers need not chase a head that they know: in a large group, each member that identifies has it read. */
  #raiseHead({ epoch, head, mark }: HeadReading): void {
    if (head > this.head) {
      this.#counters.recorder?.onGapRepaired(this.targetId, { from: this.head + 1, to: head });
      this.#position = { epoch, head, mark };
      this.#counters.gapsRepaired += 1;
      this.#follower?.chase();
    }
    this.#applyEarly(epoch);
  }

  /** For followers that are behind a head which stayed as it was; one that rises makes them chase it anyway. */
  #chaseUnlessRisen(headBefore: number): void {
    if (this.head === headBefore) this.#follower?.chase();
  }

  #keepEarly(envelope: Envelope): void {
    this.#counters.hintsEarly += 1;
    this.#early ??= new Map();
    if (this.#early.size < EARLY_HINTS_MAX) this.#early.set(envelope.offset, envelope);
    this.#expect(envelope.offset);
  }

  /** Sends early hints whose turn it is now, and drops those that the log has supplied meanwhile. */
  #applyEarly(epoch: string): void {
    const early = this.#early;
    if (early === undefined) return;
    for (let next = early.get(this.head + 1); next !== undefined; next = early.get(this.head + 1)) {
      this.#advance(epoch, next);
    }
    for (const offset of early.keys()) if (offset <= this.head) early.delete(offset);
    if (early.size === 0) this.#early = undefined;
  }

  /** The log is said to reach `offset`: if the hints up to it do not arrive, the database is queried. */
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
      this.#early = undefined; // the log has them too, and hints with false offsets must not be kept for ever
      this.askDatabase();
    }, EARLY_HINT_WAIT_MS);
  }

  #forgetEarly(): void {
    clearTimeout(this.#earlyTimer);
    this.#earlyTimer = undefined;
    this.#early = undefined;
  }
}
