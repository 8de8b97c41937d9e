import type { NewMessageFrame, TruncatedFrame } from '@postline/protocol';
import type { StreamStart } from '../cursor/stream-position.ts';

/** What is handled in the order in which it was received. */
export type InboxStep =
  | { readonly kind: 'start'; readonly start: StreamStart }
  | {
      readonly kind: 'message';
      readonly frame: NewMessageFrame;
      readonly missed: boolean;
      /** How many restarts of the logs came before it. */
      readonly restarts: number;
    }
  | { readonly kind: 'truncated'; readonly frame: TruncatedFrame; readonly restarts: number };

interface InboxParts {
  /** Beyond these it is full: messages, and their UTF-16 units. */
  readonly inboxMessagesMax: number;
  readonly inboxUnitsMax: number;
  /** Works through one step; the next one waits for it. False: the client has stopped, and nothing moves any more. */
  readonly take: (step: InboxStep) => Promise<boolean>;
  /** Everything that was in it has been worked through. */
  readonly onEmpty: () => void;
  /** It was full, and is half empty again. */
  readonly onRoom: () => void;
}

/** What has been received and waits to be handled, in order, one after the other. */
export class Inbox {
  readonly #parts: InboxParts;
  readonly #steps: InboxStep[] = [];
  #units = 0;
  #isWorking = false;
  #settled: Promise<void> = Promise.resolve();
  #wasFull = false;

  constructor(parts: InboxParts) {
    this.#parts = parts;
  }

  get isEmpty(): boolean {
    return this.#steps.length === 0;
  }

  /** Resolves when no step is at work. */
  get settled(): Promise<void> {
    return this.#settled;
  }

  /** Takes it in any case: whoever fills the inbox asks for the answer, which is false where it is full now. */
  push(step: InboxStep): boolean {
    this.#steps.push(step);
    this.#units += unitsOfStep(step);
    this.#wasFull ||= !this.#fits(1);
    if (!this.#isWorking) this.#settled = this.#work();
    return !this.#wasFull;
  }

  /** Until everything is worked through; once a step was not, what is left stays where it is. */
  async #work(): Promise<void> {
    this.#isWorking = true;
    for (let step = this.#steps[0]; step !== undefined; step = this.#steps[0]) {
      if (!(await this.#parts.take(step))) return;
      this.#steps.shift();
      this.#units -= unitsOfStep(step);
      this.#noteRoom();
    }
    this.#isWorking = false;
    this.#parts.onEmpty();
  }

  #noteRoom(): void {
    if (!this.#wasFull || !this.#fits(2)) return;
    this.#wasFull = false;
    this.#parts.onRoom();
  }

  /** Whether what waits is within the bounds divided by `divisor`. */
  #fits(divisor: number): boolean {
    const { inboxMessagesMax, inboxUnitsMax } = this.#parts;
    return this.#steps.length <= inboxMessagesMax / divisor && this.#units <= inboxUnitsMax / divisor;
  }
}

function unitsOfStep(step: InboxStep): number {
  return step.kind === 'message' ? step.frame.data.length : 0;
}
