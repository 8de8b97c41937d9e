import type { FeedFollower } from './feed-follower.ts';

/** Characters that gather within a turn: beyond it there is nothing left to save by another frame in the same write. */
const GATHERED_CHARACTERS_MAX = 16 * 1024;

/** Where a fan-out learns that everything that lay on the bus has been read. */
export interface TurnEnd {
  addFanOut(fanOut: { flush(): void }): void;
}

/**
 * Several followers of one feed, as one. What comes for them in one turn of the event loop goes to each of them
 * together: they are gone through once, and share the bytes.
 */
export class FanOut {
  readonly #followers = new Set<FeedFollower>();
  readonly #turn: TurnEnd;
  /** What gathered: frames of offsets that follow one another. */
  #first = 0;
  #texts: string[] = [];
  #characters = 0;

  constructor(turn: TurnEnd) {
    this.#turn = turn;
  }

  add(follower: FeedFollower): void {
    this.#followers.add(follower);
  }

  remove(follower: FeedFollower): void {
    this.#followers.delete(follower);
  }

  onFrame(offset: number, text: string): void {
    if (this.#texts.length === 0) {
      this.#first = offset;
      this.#turn.addFanOut(this);
    }
    this.#texts.push(text);
    this.#characters += text.length;
    if (this.#characters >= GATHERED_CHARACTERS_MAX) this.flush();
  }

  chase(): void {
    this.flush(); // else they would read what is here already
    for (const follower of this.#followers) follower.chase();
  }

  onRestart(): void {
    this.flush();
    for (const follower of this.#followers) follower.onRestart();
  }

  /** Hands on what gathered. A follower that has joined since then goes by its own cursor, as always. */
  flush(): void {
    if (this.#texts.length === 0) return;
    const texts = this.#texts;
    this.#texts = [];
    this.#characters = 0;
    for (const follower of this.#followers) follower.onFrames(this.#first, texts);
  }
}
