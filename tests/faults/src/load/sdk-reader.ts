import { setTimeout as sleep } from 'node:timers/promises';
import { type Cursor, type Message, PostlineClient } from '@postline/client';
import type { ReaderLedger } from '../ledger/reader-ledger.ts';
import type { Random } from '../random.ts';

/** Reconnects quickly, so that a thousand cuts take only minutes. The library's own tests check the waits. */
const RETRY = { firstRetryMsMax: 50, retryMsMax: 200 };
/** From time to time the handler is slower than messages arrive, so that a cut finds waiting messages. */
const SLOW_SHARE = 0.05;
const SLOW_MS_MAX = 20;

export interface SdkReaderOptions {
  readonly ledger: ReaderLedger;
  /** `ws://…` */
  readonly relayUrl: string;
  readonly random: Random;
}

/** An application on the client library. It stores its cursor together with the effect of the messages. */
export class SdkReader {
  readonly ledger: ReaderLedger;
  /** The number of connections. */
  identifiedCount = 0;
  /** Messages that were handled and had been published while it was not connected. */
  missedCount = 0;
  readonly #options: SdkReaderOptions;
  #cursor: Cursor | undefined;
  #client: PostlineClient;

  constructor(options: SdkReaderOptions) {
    this.#options = options;
    this.ledger = options.ledger;
    this.#client = this.#start();
  }

  get isIdentified(): boolean {
    return this.#client.state.state === 'live' || this.#client.state.state === 'catching-up';
  }

  /** Crashes at any point. A new client continues from what was stored. */
  crash(): void {
    const dead = this.#client;
    this.#client = this.#start();
    void dead.close();
  }

  stop(): void {
    void this.#client.close();
  }

  #start(): PostlineClient {
    const { relayUrl, ledger } = this.#options;
    const client: PostlineClient = new PostlineClient({
      url: relayUrl,
      clientId: ledger.target.targetId,
      cursorStore: { load: () => this.#cursor, save: (cursor) => this.#onSave(client, cursor) },
      ...RETRY,
    });
    let wasIdentified = false;
    client.on('state', (state) => {
      if (client !== this.#client) return;
      if (this.isIdentified && !wasIdentified) this.identifiedCount += 1;
      wasIdentified = this.isIdentified;
      if (state.state === 'closed' && state.error !== undefined) ledger.refused(state.error.message);
    });
    client.on('message', (message) => this.#onMessage(client, message));
    client.on('truncated', ({ from, to }) => ledger.truncated(from, to));
    client.on('restarted', ({ epoch, offset }) => {
      ledger.identified({ epoch, offset, head: Infinity, recovered: false }, ledger.cursor, 0);
    });
    return client;
  }

  /**
   * The handler stores the cursor with each message. Only at the start of the stream is there no message to store it
   * with.
   */
  #onSave(client: PostlineClient, cursor: Cursor): void {
    if (client !== this.#client || this.#cursor !== undefined) return;
    this.#cursor = cursor;
    const offset = cursor.offsets[this.ledger.target.targetId] ?? 0;
    this.ledger.identified({ epoch: cursor.epoch, offset, head: offset, recovered: true }, undefined, 0);
  }

  async #onMessage(client: PostlineClient, message: Message): Promise<void> {
    const { random } = this.#options;
    if (random.chance(SLOW_SHARE)) await sleep(random.integer(0, SLOW_MS_MAX));
    if (client !== this.#client) return; // it crashed before the message had an effect
    this.ledger.message(message);
    this.#cursor = { epoch: message.epoch, offsets: { [message.targetId]: message.offset } };
    if (message.missed) this.missedCount += 1;
  }
}
