import { type RawData, WebSocket } from 'ws';
import type { DeliveredMessage, IdentifiedAs, ReaderLedger, ResumeFrom } from '../ledger/reader-ledger.ts';
import type { Random } from '../random.ts';
import type { GroupStreams } from './group-streams.ts';

/**
 * The silence after which a client may consider a connection dead. Relays of these runs send a heartbeat every second.
 */
const SILENCE_MS = 3_500;
const CONNECT_TIMEOUT_MS = 3_000;
/** The largest first wait before a reconnect, and the largest of all. It doubles each time. */
const BACK_OFF_MS = [200, 1_500] as const;
/** The share of its messages after which a reader with a device acks everything so far. */
const ACKED_SHARE = 0.3;
/** The code that `ws` reports for a connection that ended without a close frame. */
const BROKEN = 1006;
/** Close codes from here to 4999, and 1008 and 1009, tell a client not to reconnect. */
const REFUSED_FROM = 4_500;

export interface ReaderHabits {
  /** Moves to a random relay after a time drawn from this range of milliseconds; stays if omitted. */
  readonly movesAfterMs?: readonly [from: number, to: number];
  /** Stops reading from time to time, for a time drawn from this range of milliseconds. */
  readonly pausesForMs?: readonly [from: number, to: number];
  /** Stores no cursor. Acks under this name from time to time, and resumes from its last ack. */
  readonly deviceId?: string;
  /** The largest first wait before a reconnect, and the largest of all; 0.2 and 1.5 s if omitted. */
  readonly backOffMs?: readonly [first: number, largest: number];
  /** The silence after which it considers the connection dead; 3.5 s if omitted. */
  readonly silenceMs?: number;
}

export interface ReaderOptions {
  readonly ledger: ReaderLedger;
  /** `ws://…` of each relay. Each connection uses a random one. */
  readonly relayUrls: readonly string[];
  readonly random: Random;
  readonly habits?: ReaderHabits;
  /** Also follows these groups, with a cursor for each. */
  readonly groups?: GroupStreams | undefined;
}

/**
 * A client as the contract describes it: it resumes with its cursor or from its last ack, both of processed messages.
 */
export class Reader {
  readonly ledger: ReaderLedger;
  identifiedCount = 0;
  readonly closesByCode = new Map<number, number>();
  /** How often the other side refused a connection, or ended it without a close frame. */
  brokenCount = 0;
  readonly #options: ReaderOptions;
  #relayUrls: readonly string[];
  #socket: WebSocket | undefined;
  #isIdentified = false;
  #failures = 0;
  #heardAt = 0;
  #isStopped = false;
  #reconnectTimer: NodeJS.Timeout | undefined;
  #habitTimers: NodeJS.Timeout[] = [];
  readonly #silenceTimer: NodeJS.Timeout;

  constructor(options: ReaderOptions) {
    this.#options = options;
    this.#relayUrls = options.relayUrls;
    this.ledger = options.ledger;
    this.#silenceTimer = setInterval(() => this.#endIfSilent(), 500);
    this.#connect();
  }

  get habits(): ReaderHabits {
    return this.#options.habits ?? {};
  }

  get isIdentified(): boolean {
    return this.#isIdentified;
  }

  /** The relays that the next connection can use. */
  set relayUrls(urls: readonly string[]) {
    this.#relayUrls = urls;
  }

  /** Stops reading from its socket until `resume`. */
  pause(): void {
    this.#socket?.pause();
  }

  resume(): void {
    this.#socket?.resume();
  }

  /** Acks everything that it has processed. */
  ack(): void {
    if (this.#isIdentified) this.#socket?.send(JSON.stringify({ type: 'ack', offset: this.ledger.ack() }));
  }

  /** Drops the connection like a crash, or closes it properly. Reconnects after `afterMs`. */
  leave(afterMs: number, politely = false): void {
    const socket = this.#forgetSocket();
    if (politely) socket?.close();
    else socket?.terminate();
    this.#connectAfter(afterMs);
  }

  /** Disconnects, and stays away until `reconnect`. */
  disconnect(): void {
    clearTimeout(this.#reconnectTimer);
    this.#forgetSocket()?.terminate();
  }

  reconnect(): void {
    this.#connect();
  }

  stop(): void {
    this.#isStopped = true;
    clearInterval(this.#silenceTimer);
    clearTimeout(this.#reconnectTimer);
    this.#forgetSocket()?.terminate();
  }

  #connect(): void {
    const url = this.#options.random.pick(this.#relayUrls);
    const socket = new WebSocket(url, { handshakeTimeout: CONNECT_TIMEOUT_MS, perMessageDeflate: false });
    this.#socket = socket;
    this.#heardAt = performance.now();
    socket.on('error', () => undefined);
    socket.on('open', () => this.#identify(socket));
    socket.on('close', (code) => this.#onClose(socket, code));
  }

  #identify(socket: WebSocket): void {
    if (this.#socket !== socket) return;
    const { target, cursor } = this.ledger;
    const { deviceId } = this.habits;
    const ackedBefore = target.highestAcked;
    const from: ResumeFrom = deviceId === undefined ? cursor : 'last-ack';
    socket.on('message', (data) => {
      if (this.#socket === socket) this.#onFrame(data, ackedBefore, from);
    });
    const { groups } = this.#options;
    const ofGroups = groups?.asking(typeof from === 'object' ? from.epoch : undefined);
    const resume =
      typeof from === 'object'
        ? { epoch: from.epoch, offsets: { ...ofGroups, [target.targetId]: from.offset } }
        : from;
    const identify = { type: 'identify', clientId: target.targetId, deviceId, resume };
    socket.send(JSON.stringify(groups === undefined ? identify : { ...identify, groups: true }));
  }

  #onFrame(data: RawData, ackedBefore: number, sent: ResumeFrom): void {
    this.#heardAt = performance.now();
    const frame = JSON.parse((data as Buffer).toString('utf8')) as Readonly<Record<string, unknown>>;
    if (this.#options.groups?.take(frame, this.ledger.cursor?.epoch ?? '') === true) return;
    switch (frame['type']) {
      case 'new_message':
        return this.#onMessage(frame as unknown as DeliveredMessage);
      case 'identified':
        return this.#onIdentified(frame, ackedBefore, sent);
      case 'truncated':
        return this.ledger.truncated(Number(frame['from']), Number(frame['to']));
      case 'error':
        if (frame['code'] === 'bad_ack') this.ledger.refused(`bad_ack: ${String(frame['message'])}`);
        return;
      default: // heartbeats, and errors that are followed by a close
    }
  }

  #onMessage(message: DeliveredMessage): void {
    this.ledger.message(message);
    if (this.habits.deviceId !== undefined && this.#options.random.chance(ACKED_SHARE)) this.ack();
  }

  #onIdentified(frame: Readonly<Record<string, unknown>>, ackedBefore: number, sent: ResumeFrom): void {
    this.#isIdentified = true;
    this.#failures = 0;
    this.identifiedCount += 1;
    const targets = frame['targets'] as Readonly<Record<string, IdentifiedAs>>;
    const own = targets[this.ledger.target.targetId];
    const as = { ...own, epoch: String(frame['epoch']) } as IdentifiedAs;
    this.ledger.identified(as, sent, ackedBefore);
    this.#options.groups?.identified(as.epoch, targets);
    this.#followHabits();
  }

  #followHabits(): void {
    const { random } = this.#options;
    const { movesAfterMs, pausesForMs } = this.habits;
    if (movesAfterMs !== undefined) {
      this.#later(random.integer(...movesAfterMs), () =>
        this.leave(random.integer(0, 200), random.chance(0.5)),
      );
    }
    if (pausesForMs !== undefined) {
      const pauseAgain = () => {
        this.pause();
        this.#later(random.integer(...pausesForMs), () => {
          this.resume();
          this.#later(random.integer(...pausesForMs), pauseAgain);
        });
      };
      this.#later(random.integer(...pausesForMs), pauseAgain);
    }
  }

  #later(milliseconds: number, what: () => void): void {
    this.#habitTimers.push(setTimeout(what, milliseconds));
  }

  #onClose(socket: WebSocket, code: number): void {
    this.closesByCode.set(code, (this.closesByCode.get(code) ?? 0) + 1);
    if (this.#socket !== socket) return;
    this.#forgetSocket();
    if (code === BROKEN) this.brokenCount += 1;
    if (code >= REFUSED_FROM || code === 1008 || code === 1009) {
      this.ledger.refused(`closed with ${code}`);
      return;
    }
    this.#failures += 1;
    const { backOffMs: [first, largest] = BACK_OFF_MS } = this.habits;
    const rangeMs = Math.min(largest, first * 2 ** (this.#failures - 1));
    this.#connectAfter(this.#options.random.next() * rangeMs);
  }

  #connectAfter(milliseconds: number): void {
    clearTimeout(this.#reconnectTimer);
    if (this.#isStopped) return;
    this.#reconnectTimer = setTimeout(() => this.#connect(), milliseconds);
  }

  /** Drops the socket: later frames from it are ignored. */
  #forgetSocket(): WebSocket | undefined {
    const socket = this.#socket;
    this.#socket = undefined;
    this.#isIdentified = false;
    for (const timer of this.#habitTimers) clearTimeout(timer);
    this.#habitTimers = [];
    return socket;
  }

  #endIfSilent(): void {
    if (this.#socket === undefined || this.#socket.isPaused) {
      this.#heardAt = performance.now();
      return;
    }
    const { silenceMs = SILENCE_MS } = this.habits;
    if (performance.now() - this.#heardAt > silenceMs)
      this.leave(this.#options.random.next() * BACK_OFF_MS[0]);
  }
}
