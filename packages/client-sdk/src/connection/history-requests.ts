import type { HistoryFrame } from '@postline/protocol';
import { checkOptions, isIntegerWithin } from '../option-checks.ts';
import { PostlineError } from '../postline-error.ts';
import type { HistoryRequestFrame } from './frames.ts';
import type { HistoryQuery } from '../message.ts';
import { isGroupId } from './follow-requests.ts';

interface HistoryRequest {
  readonly frame: HistoryRequestFrame;
  readonly settle: (answer: HistoryFrame | PostlineError) => void;
}

/** More than a user can ask for by scrolling, however long the connection is away. */
const REQUESTS_MAX = 100;

const LIMIT_DEFAULT = 50;
const LIMIT_MAX = 200;

/** The requests for earlier messages. One at a time is on its way, and is sent again on the next connection. */
export class HistoryRequests {
  readonly #parts: { readonly send: (frame: HistoryRequestFrame) => boolean };
  readonly #requests: HistoryRequest[] = [];
  #count = 0;

  constructor(parts: { readonly send: (frame: HistoryRequestFrame) => boolean }) {
    this.#parts = parts;
  }

  /** Resolves with the relay's answer; rejects with a PostlineError. */
  add(query: HistoryQuery, clientId: string): Promise<HistoryFrame> {
    return new Promise((resolve, reject) => {
      const frame = this.#frame(query, clientId);
      const settle: HistoryRequest['settle'] = (answer) =>
        answer instanceof PostlineError ? reject(answer) : resolve(answer);
      if (this.#requests.push({ frame, settle }) === 1) this.sendFirst();
    });
  }

  /** Throws a PostlineError for a request that no relay accepts, because it would close the connection. */
  #frame(query: HistoryQuery, clientId: string): HistoryRequestFrame {
    const { target = clientId, before, limit = LIMIT_DEFAULT } = query;
    const targetId = String(target);
    try {
      checkOptions<HistoryQuery>(
        {
          target: () => targetId === clientId || isGroupId(targetId),
          before: (value) => isIntegerWithin(1, value, Infinity),
          limit: (value) => isIntegerWithin(1, value, LIMIT_MAX),
        },
        query,
      );
      if (this.#requests.length >= REQUESTS_MAX) throw new TypeError('too many wait');
    } catch (cause) {
      throw new PostlineError('invalid_request', { targetId, cause });
    }
    this.#count += 1;
    return { type: 'history', requestId: String(this.#count), targetId, before, limit };
  }

  /** Sends the first request, if there is a connection: on a new one, and after the one before was answered. */
  sendFirst(): void {
    const [first] = this.#requests;
    if (first !== undefined) this.#parts.send(first.frame);
  }

  /** The answer to the request, or the relay's error about it. */
  settle(requestId: string, answer: HistoryFrame | PostlineError): void {
    if (this.#requests[0]?.frame.requestId !== requestId) return;
    this.#requests.shift()?.settle(answer);
    this.sendFirst();
  }

  close(error: PostlineError): void {
    for (const { settle } of this.#requests.splice(0)) settle(error);
  }
}
