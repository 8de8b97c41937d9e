import type { NewMessageFrame, TruncatedFrame } from '@postline/protocol';
import type { ClientEventListeners, Registration } from '../client-events.ts';
import { type CursorMark, markOf } from '../cursor/cursor.ts';
import type { CursorKeeper } from '../cursor/cursor-keeper.ts';
import type { TargetPosition } from '../cursor/stream-position.ts';
import { type Message, parsePayload, type PayloadParser, type Restart } from '../message.ts';
import type { Environment } from '../platform/environment.ts';
import { type FailedMessage, PostlineError } from '../postline-error.ts';
import { type RetryWidths, retryDelayMs } from '../retry-policy.ts';
import { LEFT_UNHANDLED } from './message-iterator.ts';

/** How long a closing client waits for a running handler, so that its message is acknowledged. */
const LAST_HANDLER_MS_MAX = 5_000;

/** One thing to handle, in the order of arrival. */
export interface InboxStep {
  /** After the step the cursor moves to `offset` in this target; undefined if the step moves the cursor itself. */
  readonly position?: TargetPosition;
  readonly offset?: number;
  readonly mark?: CursorMark;
  /** The size of its message in UTF-16 units. */
  readonly units: number;
  /** Resolves with true if the cursor moves; with false if the client has stopped, so that the step stays. */
  readonly run: () => unknown;
}

export interface MessageDeliveryParts<Payload> extends RetryWidths {
  readonly environment: Environment;
  readonly events: ClientEventListeners;
  readonly keeper: CursorKeeper;
  readonly parse?: PayloadParser<Payload>;
  readonly onHandlerError?: 'retry' | 'stop';
  readonly onParseError?: 'skip' | 'stop';
  /** The inbox is full beyond these: messages, and their UTF-16 units. */
  readonly inboxMessagesMax: number;
  readonly inboxUnitsMax: number;
  /** The cursor has moved to `offset`. */
  readonly onMoved: (position: TargetPosition, offset: number) => void;
  /** A message failed, and the options say to stop. */
  readonly onFatal: (error: PostlineError) => void;
  /** Every received message has been handled. */
  readonly onEmpty: () => void;
  /** The inbox was full, and is half empty again. */
  readonly onRoom: () => void;
}

/** Holds the received messages, and takes them to their handlers: in order, one at a time. Moves the cursor last. */
export class MessageDelivery<Payload> {
  readonly #parts: MessageDeliveryParts<Payload>;
  readonly #steps: InboxStep[] = [];
  #units = 0;
  #wasFull = false;
  #isWorking = false;
  #isStopped = false;
  /** Resolves when no step is being handled. */
  #settled: Promise<void> = Promise.resolve();
  /** Ends the wait for a handler, or for another attempt. */
  wake: () => void = () => undefined;

  constructor(parts: MessageDeliveryParts<Payload>) {
    this.#parts = parts;
  }

  get isEmpty(): boolean {
    return this.#steps.length === 0;
  }

  /** Always takes the step. False if the inbox is full now, so that the caller stops reading. */
  push(step: InboxStep): boolean {
    this.#steps.push(step);
    this.#units += step.units;
    this.#wasFull ||= !this.#fits(1);
    this.start();
    return !this.#wasFull;
  }

  /** A message as a step: it is handled when every handler has handled it. */
  step(frame: NewMessageFrame, position: TargetPosition, missed: boolean): InboxStep {
    const { type, ...fields } = frame;
    const done = new Set<Registration>();
    const run = () => this.#handle(fields, missed, position, done);
    return { position, offset: frame.offset, mark: markOf(frame), units: frame.data.length, run };
  }

  /** Messages were deleted, which is reported in their place. */
  truncation({ type, ...truncation }: TruncatedFrame, position: TargetPosition): InboxStep {
    const run = () => {
      this.#parts.events.emit('truncated', truncation);
      return true;
    };
    return { position, offset: truncation.to, units: 0, run };
  }

  /** A stream starts elsewhere than where it stopped: `moveCursor` sets the cursor to its beginning. */
  streamStart(restarts: readonly Restart[], moveCursor: () => Promise<void>): InboxStep {
    const run = () => {
      for (const restart of restarts) this.#parts.events.emit('restarted', restart);
      return moveCursor();
    };
    return { units: 0, run };
  }

  /** Undefined if the message cannot be parsed, which is reported. */
  parse(fields: FailedMessage, missed: boolean): Message<Payload> | undefined {
    try {
      return { ...fields, data: parsePayload(this.#parts.parse, fields.data), missed };
    } catch (cause) {
      this.#onFailed('parse_failed', fields, cause);
      return undefined;
    }
  }

  /** Handles the next step, also after a stop. */
  start(): void {
    this.#isStopped = false;
    if (!this.#isWorking) this.#settled = this.#work();
  }

  /** Starts nothing more. Resolves when the running handler has finished, or has taken too long. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.wake();
    await new Promise<void>((resolve) => {
      const cancelTimer = this.#parts.environment.after(LAST_HANDLER_MS_MAX, resolve);
      void this.#settled.then(cancelTimer).then(resolve);
    });
  }

  /** Handles steps until none is left, or the client stops. */
  async #work(): Promise<void> {
    const { keeper, onMoved, onRoom, onEmpty } = this.#parts;
    this.#isWorking = true;
    for (let step = this.#steps[0]; step !== undefined && !this.#isStopped; step = this.#steps[0]) {
      const { position, offset = 0, mark, units, run } = step;
      const isHandled = position?.isDropped === true ? undefined : await run();
      if (isHandled === false) continue;
      if (isHandled === true && position !== undefined) {
        await keeper.move(position.targetId, offset, mark);
        onMoved(position, offset);
      }
      this.#steps.shift();
      this.#units -= units;
      if (!this.#wasFull || !this.#fits(2)) continue;
      this.#wasFull = false;
      onRoom();
    }
    this.#isWorking = false;
    if (this.isEmpty) onEmpty();
  }

  /** Whether the waiting steps are within the bounds divided by `divisor`. */
  #fits(divisor: number): boolean {
    const { inboxMessagesMax, inboxUnitsMax } = this.#parts;
    return this.#steps.length <= inboxMessagesMax / divisor && this.#units <= inboxUnitsMax / divisor;
  }

  /**
   * Resolves with true when every handler has handled the message, and waits for one if there is none yet; with false if
   * the client stops before, and with undefined if the message is not wanted any more. `done` has the handlers that
   * handled it before such a stop.
   */
  async #handle(
    fields: FailedMessage,
    missed: boolean,
    position: TargetPosition,
    done: Set<Registration>,
  ): Promise<boolean | undefined> {
    const { events, environment } = this.#parts;
    const message = this.parse(fields, missed);
    if (message === undefined) return !this.#isStopped;
    let failures = 0;
    for (;;) {
      const next = events.handlerBeside(done);
      if (next === undefined && done.size > 0) return true;
      if (this.#isStopped) return false;
      if (position.isDropped) return undefined;
      if (next === undefined) {
        await this.#pause();
        continue;
      }
      try {
        if ((await next.listener(message as never)) === LEFT_UNHANDLED) continue;
        done.add(next);
        // <not in the script>
        if (next.isOnce) events.end(next);
        // </not in the script>
      } catch (error) {
        if (!this.#onFailed('handler_failed', fields, error)) return false;
        failures += 1;
        await this.#pause(retryDelayMs(failures, this.#parts, environment.random));
      }
    }
  }

  /** Waits until the time is over (if there is one), a handler is added, or the client stops. */
  async #pause(milliseconds?: number): Promise<void> {
    if (this.#isStopped) return;
    let cancelTimer: () => void = () => undefined;
    await new Promise<void>((resolve) => {
      this.wake = resolve;
      if (milliseconds !== undefined) cancelTimer = this.#parts.environment.after(milliseconds, resolve);
    });
    cancelTimer();
  }

  /** True if the client continues: without this message, or with another attempt. */
  #onFailed(code: 'parse_failed' | 'handler_failed', failedMessage: FailedMessage, cause: unknown): boolean {
    const { onParseError, onHandlerError, events, onFatal } = this.#parts;
    const error = new PostlineError(code, { failedMessage, cause });
    const mayContinue = (code === 'parse_failed' ? onParseError : onHandlerError) !== 'stop';
    if (mayContinue) events.emit('error', error);
    else onFatal(error);
    return mayContinue;
  }
}
