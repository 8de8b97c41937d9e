import { WebSocket } from 'ws';
import { waitUntil } from './wait-until.ts';

/** A parsed frame; its fields are not checked. */
export type ReceivedFrame = Readonly<Record<string, unknown>> & { readonly type: string };

export interface Identify {
  readonly clientId: number | string;
  readonly token?: string;
  readonly deviceId?: string;
  readonly groups?: boolean;
  readonly resume?:
    | 'last-ack'
    | 'start'
    | { readonly last: number }
    | {
        readonly epoch: string;
        readonly offsets: Readonly<Record<string, number>>;
        readonly at?: Readonly<Record<string, { readonly id: string; readonly createdAt: string }>>;
      };
}

/** A raw WebSocket client that keeps every frame it receives. */
export class RelayClient {
  /** All but heartbeats: those come by the relay's clock, between any two other frames. */
  readonly frames: ReceivedFrame[] = [];
  /** Heartbeat frames so far. */
  heartbeatCount = 0;
  /** The close code, once the socket is closed. */
  closeCode: number | undefined;
  readonly #socket: WebSocket;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (data) => {
      const frame = JSON.parse((data as Buffer).toString('utf8')) as ReceivedFrame;
      if (frame.type === 'heartbeat') this.heartbeatCount += 1;
      else this.frames.push(frame);
    });
    socket.on('close', (code) => {
      this.closeCode = code;
    });
    socket.on('error', () => undefined);
  }

  /** Opens a socket to a relay at `http://…`. */
  static async connect(
    relayUrl: string,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<RelayClient> {
    const socket = new WebSocket(relayUrl.replace(/^http/, 'ws'), { headers });
    const client = new RelayClient(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    return client;
  }

  /** Opens a socket, identifies, and waits for the answer. */
  static async identified(relayUrl: string, identify: Identify): Promise<RelayClient> {
    const client = await RelayClient.connect(relayUrl);
    client.send({ type: 'identify', ...identify });
    await client.frame('identified');
    return client;
  }

  send(frame: unknown): void {
    this.#socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame));
  }

  /** The first frame of a type, waited for. */
  frame(type: string, milliseconds?: number): Promise<ReceivedFrame> {
    return waitUntil(
      `a frame of type ${type}`,
      () => this.frames.find((frame) => frame.type === type),
      milliseconds,
    );
  }

  /** The frames about a target so far: all of them, or those of a type. */
  framesOf(targetId: string, type?: string): ReceivedFrame[] {
    return this.frames.filter(
      (frame) => frame['targetId'] === targetId && (type === undefined || frame.type === type),
    );
  }

  /** The frame of a type about a target that comes after `known` others like it, waited for. */
  frameOf(
    targetId: string,
    type: string,
    { known = 0, milliseconds }: { readonly known?: number; readonly milliseconds?: number } = {},
  ): Promise<ReceivedFrame> {
    return waitUntil(
      `frame ${known + 1} of type ${type} about ${targetId}`,
      () => this.framesOf(targetId, type)[known],
      milliseconds,
    );
  }

  /** Texts of a target's messages, once there are so many. */
  async textsOf(targetId: string, count: number, milliseconds?: number): Promise<unknown[]> {
    await waitUntil(
      `${count} messages of ${targetId}`,
      () => this.framesOf(targetId, 'new_message').length >= count,
      milliseconds,
    );
    return this.framesOf(targetId, 'new_message').map((frame) => frame['data']);
  }

  /** The new_message frames so far. */
  messages(): ReceivedFrame[] {
    return this.frames.filter((frame) => frame.type === 'new_message');
  }

  /** Waits until so many messages have arrived, and returns them. */
  async messagesOnceThereAre(count: number, milliseconds?: number): Promise<ReceivedFrame[]> {
    await waitUntil(`${count} messages`, () => this.messages().length >= count, milliseconds);
    return this.messages();
  }

  /** Resolves when every frame that the relay sent before now has arrived: it answers a ping in order. */
  async settled(): Promise<void> {
    const pongs = () => this.frames.filter((frame) => frame.type === 'pong').length;
    const before = pongs();
    this.send({ type: 'ping' });
    await waitUntil('a pong', () => pongs() > before);
  }

  /** Waits for the close and returns its code. */
  closed(milliseconds?: number): Promise<number> {
    return waitUntil('the socket is closed', () => this.closeCode, milliseconds);
  }

  async close(): Promise<void> {
    this.#socket.close();
    await this.closed();
  }
}
