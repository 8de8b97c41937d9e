import type { Envelope } from '@postline/protocol';
import type { SendDelays } from '../metrics/send-delays.ts';
import type { SendSpans, TracedMessage } from '../metrics/send-spans.ts';

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
export type HintedMessage = Pick<Envelope, 'targetId' | 'offset' | 'frame' | 'createdAt' | 'traceparent'>;

/** Notifies a fan-out that everything the bus had delivered in this turn of the event loop is read. */
export interface TurnEnd {
  addFanOut(fanOut: { flush(): void }): void;
}

/** Counts how long messages took until they were sent, and traces those whose publish is traced. */
export interface HintedSends {
  readonly sendDelays: Pick<SendDelays, 'onHinted'>;
  readonly sendSpans: Pick<SendSpans, 'onHinted'> | undefined;
}

/**
 * Several followers of one feed, as one. Frames of one turn of the event loop are sent to them together: one loop over
 * the followers, and one encoding that they share.
 */
export class FanOut {
  readonly #followers = new Set<FeedFollower>();
  readonly #turn: TurnEnd;
  readonly #sends: HintedSends;
  /** Offset of the first gathered frame; the others follow it without a gap. */
  #first = 0;
  #texts: string[] = [];
  /** When each gathered message was created. */
  #times: string[] = [];
  /** Those of them whose publish is traced. */
  #traced: TracedMessage[] = [];
  #characters = 0;

  constructor(turn: TurnEnd, sends: HintedSends) {
    this.#turn = turn;
    this.#sends = sends;
  }

  add(follower: FeedFollower): void {
    this.#followers.add(follower);
  }

  remove(follower: FeedFollower): void {
    this.#followers.delete(follower);
  }

  onFrame({ targetId, offset, frame, createdAt, traceparent }: HintedMessage): void {
    if (this.#texts.length === 0) {
      this.#first = offset;
      this.#turn.addFanOut(this);
    }
    this.#texts.push(frame);
    this.#times.push(createdAt);
    if (traceparent !== undefined) this.#traced.push({ targetId, offset, traceparent });
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
    const traced = this.#traced;
    this.#texts = [];
    this.#times = [];
    if (traced.length > 0) this.#traced = [];
    this.#characters = 0;
    let sends = 0;
    for (const follower of this.#followers) if (follower.onFrames(this.#first, texts)) sends += 1;
    if (sends === 0) return;
    const { sendDelays, sendSpans } = this.#sends;
    for (const createdAt of times) sendDelays.onHinted(createdAt, sends);
    for (const message of traced) sendSpans?.onHinted(message, sends);
  }
}
