import { setTimeout as sleep } from 'node:timers/promises';
import { type Cursor, type Message, PostlineClient } from '@postline/client';
import type { ReaderLedger } from '../ledger/reader-ledger.ts';
import type { Random } from '../random.ts';

/** Comes back quickly, so that a thousand cuts take minutes; the waits themselves are held by the library's own tests. */
const RETRY = { firstRetryMsMax: 50, retryMsMax: 200 };
/** Every now and then the handler is slower than messages come, so that a cut finds some that wait. */
const SLOW_SHARE = 0.05;
const SLOW_MS_MAX = 20;

export interface SdkReaderOptions {
  readonly ledger: ReaderLedger;
  /** `ws://…` */
  readonly relayUrl: string;
  readonly random: Random;
}

/** An application on the client library, which keeps its cursor where it keeps the effect of the messages. */
export class SdkReader {
  readonly ledger: ReaderLedger;
  /** How often there was a connection. */
  identifiedCount = 0;
  /** Messages that were handled, and had come while there was no connection. */
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

  /** Ends in the middle of whatever it does; another one goes on from what was stored. */
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

  /** What the handler has stored is the cursor; only where the stream starts there is no message to store it with. */
  #onSave(client: PostlineClient, cursor: Cursor): void {
    if (client !== this.#client || this.#cursor !== undefined) return;
    this.#cursor = cursor;
    const offset = cursor.offsets[this.ledger.target.targetId] ?? 0;
    this.ledger.identified({ epoch: cursor.epoch, offset, head: offset, recovered: true }, undefined, 0);
  }

  async #onMessage(client: PostlineClient, message: Message): Promise<void> {
    const { random } = this.#options;
    if (random.chance(SLOW_SHARE)) await sleep(random.integer(0, SLOW_MS_MAX));
    if (client !== this.#client) return; // crashed before the message had an effect
    this.ledger.message(message);
    this.#cursor = { epoch: message.epoch, offsets: { [message.targetId]: message.offset } };
    if (message.missed) this.missedCount += 1;
  }
}
