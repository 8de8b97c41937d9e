import type { NewMessageFrame, TruncatedFrame } from '@postline/protocol';
import type { TargetPosition } from '../cursor/stream-position.ts';
import type { Restart } from '../message.ts';

export interface MessageStep {
  readonly kind: 'message';
  readonly frame: NewMessageFrame;
  readonly missed: boolean;
  readonly position: TargetPosition;
}

/** One thing to handle, in the order of arrival. */
export type InboxStep =
  | {
      readonly kind: 'start';
      readonly restarts: readonly Restart[];
      /** Sets the cursor to where the stream begins. */
      readonly moveCursor: () => Promise<void>;
    }
  | MessageStep
  | { readonly kind: 'truncated'; readonly frame: TruncatedFrame; readonly position: TargetPosition };

interface InboxParts {
  /** The inbox is full beyond these: messages, and their UTF-16 units. */
  readonly inboxMessagesMax: number;
  readonly inboxUnitsMax: number;
  /** Handles one step; the next one waits for it. False: the client has stopped, so the rest stays. */
  readonly take: (step: InboxStep) => Promise<boolean>;
  /** Every step has been handled. */
  readonly onEmpty: () => void;
  /** The inbox was full, and is half empty again. */
  readonly onRoom: () => void;
}

/** Received messages that wait to be handled, in order, one at a time. */
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

  /** Resolves when no step is being handled. */
  get settled(): Promise<void> {
    return this.#settled;
  }

  /** Always takes the step. False if the inbox is full now, so that the caller stops reading. */
  push(step: InboxStep): boolean {
    this.#steps.push(step);
    this.#units += unitsOfStep(step);
    this.#wasFull ||= !this.#fits(1);
    if (!this.#isWorking) this.#settled = this.#work();
    return !this.#wasFull;
  }

  /** Handles steps until none is left, or one was refused. */
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

  /** Whether the waiting steps are within the bounds divided by `divisor`. */
  #fits(divisor: number): boolean {
    const { inboxMessagesMax, inboxUnitsMax } = this.#parts;
    return this.#steps.length <= inboxMessagesMax / divisor && this.#units <= inboxUnitsMax / divisor;
  }
}

function unitsOfStep(step: InboxStep): number {
  return step.kind === 'message' ? step.frame.data.length : 0;
}
