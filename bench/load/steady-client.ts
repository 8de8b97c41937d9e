import type { SystemUnderLoad } from './load-job.ts';
import { connectRecipient } from './recipients.ts';
import type { WebSocketConnection } from './websocket-connection.ts';

/** As often as the client library sends them. */
const ACK_INTERVAL_MS = 500;

export interface SteadyClientOptions {
  readonly system: SystemUnderLoad;
  readonly clientId: string;
  /** Groups that it is a member of. */
  readonly groups: readonly string[];
  /** Acknowledge what arrives, as the client library does. */
  readonly acks: boolean;
}

/** A client of a steady load: checks that the offsets of each target go up by one, and acknowledges them if asked. */
export class SteadyClient {
  deliveries = 0;
  /** Frames that it sent. */
  acks = 0;
  readonly faults: string[] = [];
  readonly #options: SteadyClientOptions;
  readonly #offsets = new Map<string, number>();
  readonly #unacknowledged = new Set<string>();
  #socket: WebSocketConnection | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  private constructor(options: SteadyClientOptions) {
    this.#options = options;
  }

  /** Resolves when it has identified. */
  static async open(options: SteadyClientOptions): Promise<SteadyClient> {
    const client = new SteadyClient(options);
    const { system, clientId, groups } = options;
    client.#socket = await connectRecipient({
      system,
      clientId,
      ...(groups.length === 0 ? {} : { groups }),
      onIdentified: ({ offset }) => client.#offsets.set(clientId, offset),
      onMessage: ({ targetId, offset }) => client.#take(String(targetId), Number(offset)),
      onFault: (what) => {
        if (!client.#closed) client.faults.push(what);
      },
    });
    return client;
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#socket?.close();
  }

  #take(targetId: string, offset: number): void {
    const last = this.#offsets.get(targetId);
    if (last !== undefined && offset !== last + 1) {
      this.faults.push(`${this.#options.clientId} got ${offset} after ${last} of ${targetId}`);
    }
    this.#offsets.set(targetId, offset);
    this.deliveries += 1;
    if (!this.#options.acks) return;
    this.#unacknowledged.add(targetId);
    this.#timer ??= setTimeout(() => this.#acknowledge(), ACK_INTERVAL_MS);
  }

  #acknowledge(): void {
    this.#timer = undefined;
    for (const targetId of this.#unacknowledged) {
      const offset = this.#offsets.get(targetId);
      this.#socket?.send(JSON.stringify({ type: 'ack', targetId, offset }));
      this.acks += 1;
    }
    this.#unacknowledged.clear();
  }
}
