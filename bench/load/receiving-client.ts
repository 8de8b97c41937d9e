import { HttpConnection } from './http-connection.ts';
import type { SystemUnderLoad } from './load-job.ts';
import { connectRecipient } from './recipients.ts';
import type { WebSocketConnection } from './websocket-connection.ts';

export interface Arrival {
  readonly sentAt: number;
  readonly delayMs: number;
}

/** A client that gets messages now and then; the text of each begins with the time it was sent. */
export interface ReceivingClient {
  readonly received: readonly Arrival[];
  readonly faults: readonly string[];
  /** Requests that it made. */
  readonly requests: number;
  /** Requests that were answered 503. */
  readonly refused: number;
  /** Bytes on its connections until now, in both directions. */
  readonly bytes: () => number;
  readonly close: () => void;
}

/** Receives on a socket. */
export class SocketClient implements ReceivingClient {
  readonly received: Arrival[] = [];
  readonly faults: string[] = [];
  readonly requests = 0;
  readonly refused = 0;
  #socket: WebSocketConnection | undefined;
  #offset = NaN;
  #closed = false;

  static async open(system: SystemUnderLoad, clientId: string): Promise<SocketClient> {
    const client = new SocketClient();
    client.#socket = await connectRecipient({
      system,
      clientId,
      onIdentified: ({ offset }) => {
        client.#offset = offset;
      },
      onMessage: ({ offset, data }) => {
        client.#offset += 1;
        if (offset !== client.#offset) client.faults.push(`${clientId} got offset ${String(offset)}`);
        client.received.push(arrivalOf(data));
      },
      onFault: (what) => {
        if (!client.#closed) client.faults.push(what);
      },
    });
    return client;
  }

  bytes(): number {
    return this.#socket?.bytes() ?? 0;
  }

  close(): void {
    this.#closed = true;
    this.#socket?.close();
  }
}

export interface PollingClientOptions {
  readonly system: SystemUnderLoad;
  readonly clientId: string;
  readonly offset: number;
  readonly pollSeconds: number;
}

/** Polls, on a connection that is kept alive if the server allows it. */
export class PollingClient implements ReceivingClient {
  readonly received: Arrival[] = [];
  readonly faults: string[] = [];
  requests = 0;
  refused = 0;
  readonly #options: PollingClientOptions;
  #connection: HttpConnection;
  #bytesBefore = 0;
  #offset: number;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  private constructor(options: PollingClientOptions, connection: HttpConnection) {
    this.#options = options;
    this.#connection = connection;
    this.#offset = options.offset;
  }

  static async open(options: PollingClientOptions): Promise<PollingClient> {
    const client = new PollingClient(options, await HttpConnection.open(options.system.apiUrl));
    // At a random moment of the interval: the clients must not all poll at once.
    client.#planNext(Math.random() * options.pollSeconds * 1_000);
    return client;
  }

  bytes(): number {
    return this.#bytesBefore + this.#connection.bytes;
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#connection.close();
  }

  #planNext(milliseconds: number): void {
    this.#timer = setTimeout(() => {
      this.#planNext(this.#options.pollSeconds * 1_000);
      this.#poll().catch((error: unknown) => this.faults.push(String(error)));
    }, milliseconds);
  }

  async #poll(): Promise<void> {
    if (this.#connection.isClosed) {
      this.#bytesBefore += this.#connection.bytes;
      this.#connection = await HttpConnection.open(this.#options.system.apiUrl);
    }
    if (this.#connection.isWaiting) return; // the last poll takes longer than the interval
    this.requests += 1;
    this.#connection.get(
      `/targets/${this.#options.clientId}/messages?after=${this.#offset}`,
      (status, body) => {
        if (status === 200) this.#take(body);
        else if (status === 503) this.refused += 1;
        else if (!this.#closed && status !== 0)
          this.faults.push(`a poll was answered ${status}: ${body.slice(0, 200)}`);
      },
    );
  }

  #take(body: string): void {
    const page = JSON.parse(body) as { readonly messages: readonly { offset: number; data: string }[] };
    for (const { offset, data } of page.messages) {
      this.#offset += 1;
      if (offset !== this.#offset) this.faults.push(`${this.#options.clientId} got offset ${offset}`);
      this.received.push(arrivalOf(data));
    }
  }
}

function arrivalOf(data: unknown): Arrival {
  const sentAt = Number(data);
  return { sentAt, delayMs: performance.now() - sentAt };
}
