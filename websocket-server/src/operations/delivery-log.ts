import type { Ack, AckPlace } from '@postline/message-store';
import type { MessageSend, RepairedGap } from '@postline/protocol';
import type { DeliveryRecorder, RecordedReader, RecordedRun } from '../metrics/delivery-recorder.ts';
import { Ring } from './ring.ts';

/** A minute of 300 hints a second; an entry has about 100 bytes, as in the other rings. */
const HINTS_MAX = 20_000;
/** The same for messages with two connections each, or a group message to 40,000 members. */
const SENDS_MAX = 40_000;
const ACKS_MAX = 20_000;
/** A page shows a few dozen. */
const GAPS_MAX = 200;

/** Where acks go. */
interface KeptAcks {
  keep(ack: Ack): boolean;
  hurry(place: AckPlace): void;
}

interface Hint {
  readonly targetId: string;
  readonly offset: number;
  readonly atMs: number;
}

interface Send extends RecordedRun {
  readonly connectionId: string;
  readonly clientId: string;
  readonly atMs: number;
}

interface ReceivedAck extends AckPlace {
  readonly offset: number;
  readonly atMs: number;
}

/** What this process remembers of one message. Sent between the workers of a service. */
export interface RememberedWay {
  /** When its hint arrived; each time. */
  readonly hintsMs: readonly number[];
  readonly sendCount: number;
  /** The first ones. */
  readonly sends: readonly MessageSend[];
  /** When each device acked it. */
  readonly acks: readonly ReceivedAckOf[];
  /** Before this time something was forgotten; null if nothing was. */
  readonly fromMs: number | null;
}

interface ReceivedAckOf {
  readonly clientId: string;
  readonly deviceId: string | null;
  readonly atMs: number;
}

/** Sends in one answer: a page with more is no longer read. */
const SHOWN_SENDS_MAX = 200;

/** The last hints, sends, acks and gaps of this process. Exists only if the operations page is on. */
export class DeliveryLog implements DeliveryRecorder {
  readonly #hints = new Ring<Hint>(HINTS_MAX);
  readonly #sends = new Ring<Send>(SENDS_MAX);
  readonly #acks = new Ring<ReceivedAck>(ACKS_MAX);
  readonly #gaps = new Ring<RepairedGap>(GAPS_MAX);
  readonly #now: () => number;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  onHint(targetId: string, offset: number): void {
    this.#hints.push({ targetId, offset, atMs: this.#now() });
  }

  onSent(
    { id: connectionId, clientId = '' }: RecordedReader,
    { targetId, first, last, by }: RecordedRun,
  ): void {
    this.#sends.push({ connectionId, clientId, targetId, first, last, by, atMs: this.#now() });
  }

  onGapRepaired(targetId: string, { from, to }: { readonly from: number; readonly to: number }): void {
    this.#gaps.push({ atMs: this.#now(), targetId, from, to });
  }

  onAck({ clientId, deviceId, targetId }: AckPlace, offset: number): void {
    this.#acks.push({ clientId, deviceId, targetId, offset, atMs: this.#now() });
  }

  /** The same acks, recorded as they are kept. */
  recording(acks: KeptAcks): KeptAcks {
    return {
      keep: (ack) => {
        const isKept = acks.keep(ack);
        if (isKept) this.onAck(ack, ack.offset);
        return isKept;
      },
      hurry: (place) => {
        acks.hurry(place);
      },
    };
  }

  /** Oldest first. */
  gaps(): readonly RepairedGap[] {
    return [...this.#gaps];
  }

  wayOf(targetId: string, offset: number): RememberedWay {
    const sends = this.#sendsOf(targetId, offset);
    const fullRings = [this.#hints, this.#sends, this.#acks].filter(({ isFull }) => isFull);
    const forgottenMs = fullRings.map(({ oldest }) => oldest?.atMs ?? 0);
    return {
      hintsMs: [...this.#hints]
        .filter((hint) => hint.offset === offset && hint.targetId === targetId)
        .map(({ atMs }) => atMs),
      sendCount: sends.length,
      sends: sends.slice(0, SHOWN_SENDS_MAX),
      acks: this.#acksOf(targetId, offset),
      fromMs: forgottenMs.length === 0 ? null : Math.max(...forgottenMs),
    };
  }

  #sendsOf(targetId: string, offset: number): MessageSend[] {
    return [...this.#sends]
      .filter((send) => send.first <= offset && offset <= send.last && send.targetId === targetId)
      .map(({ connectionId, clientId, atMs, by }) => ({ connectionId, clientId, atMs, by }));
  }

  /** The first ack of each device that includes the message. */
  #acksOf(targetId: string, offset: number): readonly ReceivedAckOf[] {
    const first = new Map<string, ReceivedAckOf>();
    for (const ack of this.#acks) {
      if (ack.offset < offset || ack.targetId !== targetId) continue;
      const { clientId, deviceId = null, atMs } = ack;
      const key = JSON.stringify([clientId, deviceId]);
      if (!first.has(key)) first.set(key, { clientId, deviceId, atMs });
    }
    return [...first.values()];
  }
}
