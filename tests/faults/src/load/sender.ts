import { setTimeout as sleep } from 'node:timers/promises';
import type { Findings } from '../ledger/findings.ts';
import type { Send, TargetLedger } from '../ledger/target-ledger.ts';
import type { Random } from '../random.ts';
import { type JsonAnswer, requestJson } from './http-json.ts';

/** Longer than the 5 s within which the API promises an answer. */
const ANSWER_TIMEOUT_MS = 6_000;
/** Statuses that mean "not now". Any other status but a 2xx is wrong, because our requests are valid. */
const RETRYABLE = new Set([429, 503]);
/** A balancer's answers after the API behind it was killed during a request. */
const OF_BALANCER = new Set([502, 504]);

export interface SendFigures {
  /** Attempts without a 2xx: no answer, or an answer that means "not now". */
  errored: number;
  /** The errored attempts whose answer meant "not now". */
  turnedAway: number;
  /** Sends that were acknowledged after at least one errored attempt. */
  ackedAfterRetry: number;
  /** Sends whose answer was that an earlier attempt had stored them. */
  replayed: number;
  /** Sends that were given up: they may be in the log or not. */
  undecided: number;
}

export function createSendFigures(): SendFigures {
  return { errored: 0, turnedAway: 0, ackedAfterRetry: 0, replayed: 0, undecided: 0 };
}

export interface SenderOptions {
  /** `http://…` of each API. Each attempt uses a random one. */
  readonly apiUrls: readonly string[];
  readonly targets: readonly TargetLedger[];
  readonly findings: Findings;
  readonly figures: SendFigures;
  readonly random: Random;
  /**
   * The share of sends (0 to 1) without a key, which are not retried, and the share with several messages in one
   * request.
   */
  readonly keylessShare: number;
  readonly batchShare: number;
  readonly batchMessagesMax: number;
  /** The longest pause between two attempts of one send. Each pause is random. */
  readonly retryPauseMs: number;
  /** The APIs are behind a balancer, which may answer for them. */
  readonly isBalanced: boolean;
  /** When this is aborted, retries end. */
  readonly giveUp: AbortSignal;
}

interface SentMessage {
  readonly target: TargetLedger;
  readonly send: Send;
  readonly message: string;
  readonly key: string | undefined;
}

/** One publisher. It sends one request after another, and retries what was not acknowledged with the same keys. */
export class Sender {
  readonly #options: SenderOptions;
  readonly #keyPrefix: string;

  constructor(options: SenderOptions) {
    this.#options = options;
    this.#keyPrefix = String(options.random.integer(0, 2 ** 31));
  }

  /** Sends one message, or several in one request, to random targets. */
  async sendAny(): Promise<void> {
    const { random, targets, batchShare, batchMessagesMax, keylessShare } = this.#options;
    if (random.chance(batchShare)) {
      const count = random.integer(2, batchMessagesMax);
      await this.sendBatch(Array.from({ length: count }, () => random.pick(targets)));
    } else await this.sendTo(random.pick(targets), !random.chance(keylessShare));
  }

  async sendTo(target: TargetLedger, withKey = true): Promise<void> {
    const sent = this.#issue(target, withKey);
    const body = { targetId: target.targetId, message: sent.message };
    await this.#deliver('/', body, [sent]);
  }

  async sendBatch(targets: readonly TargetLedger[]): Promise<void> {
    const sent = targets.map((target) => this.#issue(target, true));
    const messages = sent.map(({ target, message, key }) => ({
      targetId: target.targetId,
      message,
      idempotencyKey: key,
    }));
    await this.#deliver('/messages/batch', { messages }, sent);
  }

  #issue(target: TargetLedger, withKey: boolean): SentMessage {
    const send = target.issue();
    const key = withKey ? `${this.#keyPrefix}-${target.targetId}-${send.number}` : undefined;
    return { target, send, message: target.bodyOf(send.number), key };
  }

  /** Sends until it is acknowledged, but only once if it has no key. */
  async #deliver(path: string, body: unknown, sent: readonly SentMessage[]): Promise<void> {
    const { figures, findings, giveUp, random, retryPauseMs } = this.#options;
    const idempotencyKey = path === '/' ? sent[0]?.key : undefined;
    const mayRetry = sent.every(({ key }) => key !== undefined);
    for (let attempt = 1; ; attempt += 1) {
      const answer = await this.#attempt(path, body, idempotencyKey);
      if (answer !== undefined && answer.status >= 200 && answer.status < 300) {
        if (attempt > 1) figures.ackedAfterRetry += sent.length;
        this.#noteAcks(sent, answer);
        return;
      }
      countErrored(figures, sent.length, answer !== undefined);
      if (answer !== undefined && !this.#mayComeAgain(answer)) {
        findings.add('refused', `POST ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
        return;
      }
      if (!mayRetry || giveUp.aborted) {
        figures.undecided += sent.length;
        return;
      }
      await sleep(random.next() * retryPauseMs);
    }
  }

  #mayComeAgain({ status }: JsonAnswer): boolean {
    return RETRYABLE.has(status) || (this.#options.isBalanced && OF_BALANCER.has(status));
  }

  async #attempt(path: string, body: unknown, idempotencyKey?: string): Promise<JsonAnswer | undefined> {
    const { apiUrls, random } = this.#options;
    const url = random.pick(apiUrls) + path;
    try {
      return await requestJson({ url, body, idempotencyKey, timeoutMs: ANSWER_TIMEOUT_MS });
    } catch {
      return undefined;
    }
  }

  #noteAcks(sent: readonly SentMessage[], { body, isReplay }: JsonAnswer): void {
    const { findings, figures } = this.#options;
    const acks = Array.isArray(body['messages']) ? (body['messages'] as unknown[]) : [body];
    if (acks.length !== sent.length)
      findings.add('corrupted', `${acks.length} acks for ${sent.length} messages`);
    for (const [index, { target, send }] of sent.entries()) {
      const ack = acks[index] as Readonly<Record<string, unknown>> | undefined;
      if (isReplay || ack?.['replayed'] === true) figures.replayed += 1;
      if (ack?.['targetId'] !== target.targetId) {
        findings.add('corrupted', `an ack for ${String(ack?.['targetId'])} instead of ${target.targetId}`);
      } else target.acknowledged(send, Number(ack['offset']));
    }
  }
}

function countErrored(figures: SendFigures, messages: number, isAnswered: boolean): void {
  figures.errored += messages;
  if (isAnswered) figures.turnedAway += messages;
}
