import type { Envelope } from '@postline/protocol';
import type { Follower } from './follower.ts';
import type { HeadReading } from './head-reader.ts';
import type { RelayCounters } from './relay-counters.ts';

/** A hint that overtook another is a few ms early at most; after that the predecessor counts as lost. */
const EARLY_HINT_WAIT_MS = 10;
/** Hints that may wait for their predecessor; beyond it the log is the quicker way. */
const EARLY_HINTS_MAX = 64;

export interface FeedOptions {
  readonly targetId: string;
  readonly counters: RelayCounters;
  /** Reads the target's head from the database, after the call. */
  readonly readHead: (targetId: string) => Promise<HeadReading>;
}

/** In which log, and how far: what a feed knows once the database has told it. */
interface Position {
  readonly epoch: string;
  head: number;
}

/**
 * One target's head, and the connections that follow it. The head moves by hints that come in order, and by what the
 * database says; a hint that does neither only makes the feed ask the database.
 */
export class Feed {
  readonly targetId: string;
  readonly #counters: RelayCounters;
  readonly #readHead: (targetId: string) => Promise<HeadReading>;
  readonly #followers = new Set<Follower>();
  readonly #early = new Map<number, Envelope>();
  /** Undefined until the database told it for the first time. */
  #position: Position | undefined;
  /** The highest offset that was heard of; while it is above the head, something is missing. */
  #highestSeen = 0;
  #earlyTimer: NodeJS.Timeout | undefined;
  #asking = false;
  #closed = false;

  constructor(options: FeedOptions) {
    this.targetId = options.targetId;
    this.#counters = options.counters;
    this.#readHead = options.readHead;
  }

  get head(): number {
    return this.#position?.head ?? 0;
  }

  get epoch(): string | undefined {
    return this.#position?.epoch;
  }

  get followerCount(): number {
    return this.#followers.size;
  }

  addFollower(follower: Follower): void {
    this.#followers.add(follower);
  }

  removeFollower(follower: Follower): void {
    this.#followers.delete(follower);
  }

  /** No follower and no hint from now on. */
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
    } else if (envelope.offset === position.head + 1) {
      this.#advance(position, envelope);
      if (this.#early.size > 0) this.#applyEarly(position);
    } else if (envelope.offset <= position.head) {
      this.#counters.hintsOld += 1;
    } else {
      this.#keepEarly(envelope);
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
    const knownHead = this.head;
    this.#readHead(this.targetId)
      .then((reading) => {
        this.#asking = false;
        this.onReading(reading, known === undefined ? undefined : { epoch: known.epoch, head: knownHead });
      })
      .catch(() => {
        this.#asking = false; // the database is away; the comparison of heads asks again when it is back
      });
  }

  /** What a reading is to be held against: the position known when the database was asked. */
  get knownPosition(): Readonly<Position> | undefined {
    return this.#position === undefined ? undefined : { ...this.#position };
  }

  /**
   * The database told the head. `known` is the position at the moment it was asked: hints that came meanwhile may
   * be ahead of the reading, but nothing known before may be beyond it.
   */
  onReading(reading: HeadReading, known: Readonly<Position> | undefined): void {
    const position = this.#position;
    if (this.#closed) return;
    if (position === undefined) {
      this.#open(reading);
    } else if (known?.epoch !== position.epoch) {
      return; // asked about a log that this feed has left meanwhile
    } else if (reading.epoch !== position.epoch || reading.head < known.head) {
      this.#restart(reading);
    } else {
      this.#raiseHead(position, reading.head);
    }
  }

  /**
   * A comparison found the head ahead of this feed. The hint is probably on its way: it gets the few ms that an
   * early one would get, then the database is asked again.
   */
  onComparison(reading: HeadReading, known: Readonly<Position> | undefined, hintsFlow: boolean): void {
    const sameLog = known !== undefined && reading.epoch === known.epoch && reading.head >= known.head;
    if (!hintsFlow || !sameLog || known.epoch !== this.epoch) {
      this.onReading(reading, known);
      return;
    }
    this.chaseAll();
    this.#expect(reading.head);
  }

  /** Starts every follower that is behind and does nothing about it (its read failed, or its socket was full). */
  chaseAll(): void {
    for (const follower of this.#followers) follower.chase();
  }

  #open(reading: HeadReading): void {
    this.#position = { epoch: reading.epoch, head: reading.head };
    this.#expect(this.#highestSeen);
  }

  #restart(reading: HeadReading): void {
    this.#forgetEarly();
    this.#highestSeen = 0;
    this.#position = { epoch: reading.epoch, head: reading.head };
    for (const follower of this.#followers) follower.closeForRestart();
  }

  #advance(position: Position, envelope: Envelope): void {
    position.head = envelope.offset;
    this.#counters.hintsApplied += 1;
    for (const follower of this.#followers) follower.onFrame(envelope.offset, envelope.frame);
  }

  #raiseHead(position: Position, head: number): void {
    if (head > position.head) {
      position.head = head;
      this.#counters.gapsRepaired += 1;
    }
    this.chaseAll();
    this.#applyEarly(position);
  }

  #keepEarly(envelope: Envelope): void {
    this.#counters.hintsEarly += 1;
    if (this.#early.size < EARLY_HINTS_MAX) this.#early.set(envelope.offset, envelope);
    this.#expect(envelope.offset);
  }

  /** Somebody said that the log goes up to `offset`: if that doesn't come by itself, the database is asked. */
  #expect(offset: number): void {
    this.#highestSeen = Math.max(this.#highestSeen, offset);
    if (this.#highestSeen > this.head) this.#waitForPredecessor();
  }

  #waitForPredecessor(): void {
    this.#earlyTimer ??= setTimeout(() => {
      this.#earlyTimer = undefined;
      if (this.#highestSeen <= this.head) return;
      if (this.#asking) return this.#waitForPredecessor(); // that answer may be older than what was heard of since
      this.#highestSeen = this.head;
      this.askDatabase();
    }, EARLY_HINT_WAIT_MS);
  }

  #applyEarly(position: Position): void {
    for (let next = this.#early.get(position.head + 1); next !== undefined; ) {
      this.#early.delete(next.offset);
      this.#advance(position, next);
      next = this.#early.get(position.head + 1);
    }
    for (const offset of this.#early.keys()) if (offset <= position.head) this.#early.delete(offset);
  }

  #forgetEarly(): void {
    clearTimeout(this.#earlyTimer);
    this.#earlyTimer = undefined;
    this.#early.clear();
  }
}
