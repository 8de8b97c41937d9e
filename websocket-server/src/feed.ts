import type { Envelope } from '@postline/protocol';
import { FanOut, type TurnEnd } from './fan-out.ts';
import type { FeedFollower } from './feed-follower.ts';
import type { HeadReading } from './head-reader.ts';
import type { RelayCounters } from './relay-counters.ts';

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
}

/** In which log, and how far. Replaced, never changed: what was known when the database was asked can be kept. */
export interface Position {
  readonly epoch: string;
  readonly head: number;
}

/**
 * One target's head, and who follows it. The head moves by hints that come in order, and by what the database says;
 * a hint that does neither only makes the feed ask the database.
 */
export class Feed {
  readonly targetId: string;
  readonly #counters: RelayCounters;
  readonly #heads: FeedOptions['heads'];
  readonly #turn: TurnEnd;
  /** The only one, as with most targets; all of them, once there were several at the same time. */
  #follower: FeedFollower | FanOut | undefined;
  /** Undefined until the database told it for the first time. */
  #position: Position | undefined;
  /** The highest offset that was heard of; while it is above the head, something is missing. */
  #highestSeen = 0;
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
      this.#counters.hintsOld += 1;
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
   * be ahead of the reading, but nothing known before may be beyond it.
   */
  onReading(reading: HeadReading, known: Position | undefined): void {
    if (this.#closed) return;
    const { epoch, head } = reading;
    if (this.#position === undefined) {
      this.#position = { epoch, head };
      this.#expect(this.#highestSeen);
    } else if (known !== undefined && known.epoch === this.epoch && isOtherLog(reading, known)) {
      this.#restart(reading);
    } else if (epoch === this.epoch) {
      this.#raiseHead(epoch, head);
    } // else it was asked about a log that this feed has left meanwhile
  }

  /**
   * A comparison told the head. Where it is ahead of this feed while hints flow, the hint is probably on its way: it
   * gets the few ms that an early one would get, then the database is asked again.
   */
  onComparison(reading: HeadReading, known: Position, hintsFlow: boolean): void {
    if (!hintsFlow || known.epoch !== this.epoch || isOtherLog(reading, known)) {
      this.onReading(reading, known);
      return;
    }
    this.#follower?.chase(); // whoever is behind and does nothing about it, as its read failed
    this.#expect(reading.head);
  }

  #fanOutOf(followed: FeedFollower | FanOut): FanOut {
    if (followed instanceof FanOut) return followed;
    const fanOut = new FanOut(this.#turn);
    fanOut.add(followed);
    return fanOut;
  }

  #restart({ epoch, head }: HeadReading): void {
    this.#forgetEarly();
    this.#highestSeen = 0;
    this.#position = { epoch, head };
    this.#follower?.onRestart();
  }

  #advance(epoch: string, { offset, frame }: Envelope): void {
    this.#position = { epoch, head: offset };
    this.#counters.hintsApplied += 1;
    this.#follower?.onFrame(offset, frame);
  }

  #raiseHead(epoch: string, head: number): void {
    if (head > this.head) {
      this.#position = { epoch, head };
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

/** Nothing that was known before the database was asked may be beyond what it says, in one and the same log. */
function isOtherLog(reading: HeadReading, known: Position): boolean {
  return reading.epoch !== known.epoch || reading.head < known.head;
}
