import type { Envelope } from '@postline/protocol';
import type { SendDelays } from '../metrics/send-delays.ts';

/** Characters that gather within a turn: in a larger write one more frame saves nothing. */
const GATHERED_CHARACTERS_MAX = 16 * 1024;

/** One reader of a feed. */
export interface FeedFollower {
  /** The head moved by one; `text` is the frame of that offset. True if it was sent. */
  onFrame(offset: number, text: string): boolean;
  /** The same for a run of offsets from `first` on, whose frames several followers share. True if they were sent. */
  onFrames(first: number, texts: readonly string[]): boolean;
  /** Starts reading the log up to the head, unless a read is under way. */
  chase(): void;
  /** The log that it followed was replaced. */
  onRestart(): void;
}

/** A message whose hint moved the head. */
export type HintedMessage = Pick<Envelope, 'offset' | 'frame' | 'createdAt'>;

/** Notifies a fan-out that everything the bus had delivered in this turn of the event loop is read. */
export interface TurnEnd {
  addFanOut(fanOut: { flush(): void }): void;
}

/** Counts how long messages took until they were sent. */
export type HintedDelays = Pick<SendDelays, 'onHinted'>;

/**
 * Several followers of one feed, as one. Frames of one turn of the event loop are sent to them together: one loop over
 * the followers, and one encoding that they share.
 */
export class FanOut {
  readonly #followers = new Set<FeedFollower>();
  readonly #turn: TurnEnd;
  readonly #delays: HintedDelays;
  /** Offset of the first gathered frame; the others follow it without a gap. */
  #first = 0;
  #texts: string[] = [];
  /** When each gathered message was created. */
  #times: string[] = [];
  #characters = 0;

  constructor(turn: TurnEnd, delays: HintedDelays) {
    this.#turn = turn;
    this.#delays = delays;
  }

  add(follower: FeedFollower): void {
    this.#followers.add(follower);
  }

  remove(follower: FeedFollower): void {
    this.#followers.delete(follower);
  }

  onFrame({ offset, frame, createdAt }: HintedMessage): void {
    if (this.#texts.length === 0) {
      this.#first = offset;
      this.#turn.addFanOut(this);
    }
    this.#texts.push(frame);
    this.#times.push(createdAt);
    this.#characters += frame.length;
    if (this.#characters >= GATHERED_CHARACTERS_MAX) this.flush();
  }

  chase(): void {
    this.flush(); // else they would read what is already here
    for (const follower of this.#followers) follower.chase();
  }

  onRestart(): void {
    this.flush();
    for (const follower of this.#followers) follower.onRestart();
  }

  /** Sends what gathered. A follower that joined meanwhile goes by its own cursor. */
  flush(): void {
    if (this.#texts.length === 0) return;
    const texts = this.#texts;
    const times = this.#times;
    this.#texts = [];
    this.#times = [];
    this.#characters = 0;
    let sends = 0;
    for (const follower of this.#followers) if (follower.onFrames(this.#first, texts)) sends += 1;
    if (sends > 0) for (const createdAt of times) this.#delays.onHinted(createdAt, sends);
  }
}
