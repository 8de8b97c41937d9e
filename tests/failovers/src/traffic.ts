import { setTimeout as sleep } from 'node:timers/promises';
import { waitUntil } from '@postline/test-support';
import { WebSocket } from 'ws';
import { requestJson } from '../../faults/src/load/http-json.ts';

const EVERY_MS = 20;
/** Longer than the 5 s in which the API promises an answer. */
const ANSWER_TIMEOUT_MS = 8_000;
/** Hints take milliseconds; a message without one waits for the next comparison of heads, a second later or more. */
const PROMPT_MS_MAX = 250;
/** One second of unbroken traffic. */
const IN_A_ROW = 50;
const TARGET = 'failover';

type Outcome = 'sent' | 'stored' | 'refused';

/** What became of one message. Times are those of `performance.now()`. */
export interface SentMessage {
  readonly atMs: number;
  /** `refused`: an answer without a 2xx, or none; the message may be stored or not. Undefined: not answered yet. */
  outcome: Outcome | undefined;
  readonly arrivedAtMs: number[];
}

export interface TrafficUrls {
  readonly apiUrl: string;
  readonly relayUrl: string;
}

/** A publisher that sends a message every 20 ms, whatever becomes of the others, and one reader on one connection. */
export class Traffic {
  readonly sent: SentMessage[] = [];
  /** Offsets in the order of their arrival. */
  readonly offsets: number[] = [];
  readonly #apiUrl: string;
  readonly #socket: WebSocket;
  readonly #publishing: Promise<void>;
  readonly #answers: Promise<void>[] = [];
  #isStopped = false;
  #isClosed = false;

  private constructor({ apiUrl, relayUrl }: TrafficUrls) {
    this.#apiUrl = apiUrl;
    this.#socket = new WebSocket(relayUrl.replace(/^http/, 'ws'));
    this.#socket.on('open', () => {
      this.#socket.send(JSON.stringify({ type: 'identify', clientId: TARGET, resume: 'start' }));
    });
    this.#socket.on('message', (data) => this.#onFrame((data as Buffer).toString('utf8')));
    this.#socket.on('error', () => undefined);
    this.#socket.on('close', () => (this.#isClosed = true));
    this.#publishing = this.#publish();
  }

  /** Resolves once messages are delivered promptly. */
  static async start(urls: TrafficUrls, withinMs: number): Promise<Traffic> {
    const traffic = new Traffic(urls);
    await traffic.promptAfter(0, withinMs);
    return traffic;
  }

  /** Whether the relay, or the network, has closed the reader's connection. */
  get isCut(): boolean {
    return this.#isClosed && !this.#isStopped;
  }

  /** Resolves with the time from which on every message is delivered promptly, once that has lasted for a second. */
  promptAfter(sinceMs: number, withinMs: number): Promise<number> {
    return waitUntil('messages are delivered promptly', () => this.#promptSince(sinceMs), withinMs);
  }

  /** Publishes nothing more; resolves when all is answered and what was acknowledged has arrived, or the time is over. */
  async finish(withinMs: number): Promise<void> {
    this.#isStopped = true;
    await this.#publishing;
    await Promise.all(this.#answers);
    const isThere = ({ outcome, arrivedAtMs }: SentMessage) =>
      outcome === 'refused' || arrivedAtMs.length > 0;
    await waitUntil('all has arrived', () => this.sent.every(isThere), withinMs).catch(() => undefined);
    this.#socket.terminate();
  }

  #promptSince(sinceMs: number): number | undefined {
    let begin: number | undefined;
    let count = 0;
    for (const message of this.sent.toReversed()) {
      if (message.atMs < sinceMs) break;
      if (isPrompt(message)) {
        begin = message.atMs;
        count += 1;
      } else if (count > 0 || isOverdue(message)) break; // younger ones may still come
    }
    return count >= IN_A_ROW ? begin : undefined;
  }

  async #publish(): Promise<void> {
    while (!this.#isStopped) {
      const message: SentMessage = { atMs: performance.now(), outcome: undefined, arrivedAtMs: [] };
      const number = this.sent.push(message) - 1;
      this.#answers.push(this.#send(number, message));
      await sleep(EVERY_MS);
    }
  }

  async #send(number: number, message: SentMessage): Promise<void> {
    const body = { targetId: TARGET, message: String(number) };
    const options = { url: `${this.#apiUrl}/`, body, timeoutMs: ANSWER_TIMEOUT_MS };
    const answer = await requestJson(options).catch(() => undefined);
    const isStored = answer !== undefined && answer.status >= 200 && answer.status < 300;
    if (!isStored) message.outcome = 'refused';
    else message.outcome = answer.body['status'] === 'sent' ? 'sent' : 'stored';
  }

  #onFrame(text: string): void {
    const frame = JSON.parse(text) as Readonly<Record<string, unknown>>;
    if (frame['type'] !== 'new_message') return;
    this.offsets.push(Number(frame['offset']));
    this.sent[Number(frame['data'])]?.arrivedAtMs.push(performance.now());
  }
}

function isPrompt({ atMs, arrivedAtMs: [first] }: SentMessage): boolean {
  return first !== undefined && first - atMs <= PROMPT_MS_MAX;
}

function isOverdue({ atMs }: SentMessage): boolean {
  return performance.now() - atMs > PROMPT_MS_MAX;
}
