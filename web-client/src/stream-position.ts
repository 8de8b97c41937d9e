import type { IdentifiedFrame, NewMessageFrame, TruncatedFrame } from './relay-frame.ts';

/** What the relay is told on a reconnect: the last offset that this page showed of each target. */
export interface Resume {
  readonly epoch: string;
  readonly offsets: Readonly<Record<string, number>>;
}

/** `caught-up`: it was already in the log when this connection identified. */
export type MessageOrigin = 'live' | 'caught-up';

export interface StreamStart {
  /** Messages of the log that were written while this page was away, and come now. */
  readonly backlog: number;
  /** True where this page had been connected as this client before. */
  readonly resumed: boolean;
  /** True where the log was restarted: messages that were shown may come again. */
  readonly restarted: boolean;
}

/** Where this page is in the logs it follows. It lives as long as the chosen id, over all its connections. */
export class StreamPosition {
  #epoch: string | undefined;
  readonly #offsets = new Map<string, number>();
  readonly #heads = new Map<string, number>();

  /** `undefined` before the first `identified`: then only what comes from now on. */
  resume(): Resume | undefined {
    if (this.#epoch === undefined) return undefined;
    return { epoch: this.#epoch, offsets: Object.fromEntries(this.#offsets) };
  }

  begin(frame: IdentifiedFrame): StreamStart {
    const resumed = this.#epoch !== undefined;
    let backlog = 0;
    let restarted = false;
    for (const [targetId, { offset, head, recovered }] of frame.targets) {
      restarted ||= !recovered && this.#offsets.has(targetId);
      backlog += Math.max(0, head - offset);
      this.#offsets.set(targetId, offset);
      this.#heads.set(targetId, head);
    }
    this.#epoch = frame.epoch;
    return { backlog, resumed, restarted };
  }

  /** Moves on to a message. `repeat`: it was shown before. `gap`: one before it is missing; nothing has moved. */
  place({ targetId, offset, epoch }: NewMessageFrame): MessageOrigin | 'repeat' | 'gap' {
    const last = this.#offsets.get(targetId);
    if (last === undefined || epoch !== this.#epoch) return 'gap';
    if (offset <= last) return 'repeat';
    if (offset > last + 1) return 'gap';
    this.#offsets.set(targetId, offset);
    return offset <= (this.#heads.get(targetId) ?? 0) ? 'caught-up' : 'live';
  }

  /** Moves on over messages that the retention rule deleted. */
  skip({ targetId, to }: TruncatedFrame): void {
    const last = this.#offsets.get(targetId);
    if (last !== undefined && to > last) this.#offsets.set(targetId, to);
  }
}
