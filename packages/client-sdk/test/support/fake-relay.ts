import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { parseClientFrame } from '@postline/protocol';
import { waitUntil } from '@postline/test-support';
import { type WebSocket, WebSocketServer } from 'ws';

type Frame = Readonly<Record<string, unknown>>;

/** One connection, seen from the relay: the client's frames, and the answers that the test sends. */
export class FakeConnection {
  readonly frames: Frame[] = [];
  isClosed = false;
  readonly #socket: WebSocket;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (data: Buffer) => this.#onText(data.toString('utf8')));
    socket.on('close', () => {
      this.isClosed = true;
    });
  }

  /** Like a real relay, closes on a frame that does not fit the protocol's schemas. */
  #onText(text: string): void {
    const frame = JSON.parse(text) as Frame;
    if (parseClientFrame(text) === undefined) this.#socket.close(4500, 'bad frame');
    this.frames.push(frame);
  }

  send(...frames: Frame[]): void {
    for (const frame of frames) this.#socket.send(JSON.stringify(frame));
  }

  sendText(text: string): void {
    this.#socket.send(text);
  }

  /** The client's frames of one type, once there are `count` of them. */
  async received(type: string, count = 1): Promise<readonly Frame[]> {
    return waitUntil(`${count} ${type}`, () => {
      const frames = this.frames.filter((frame) => frame['type'] === type);
      return frames.length >= count && frames;
    });
  }

  /** Waits for `identify`, answers it, and returns it. */
  async identified(target: Frame = {}, epoch = 'e1', groups: Frame = {}): Promise<Frame> {
    const [identify = {}] = await this.received('identify');
    this.send(identifiedFrame(target, epoch, groups));
    return identify;
  }

  close(code: number): void {
    this.#socket.close(code);
  }

  /** Ends it without a close frame, as when a network breaks. */
  cut(): void {
    this.#socket.terminate();
  }

  async closed(): Promise<void> {
    await waitUntil('the client has closed', () => this.isClosed);
  }
}

/** A real WebSocket server on a free port. It answers only what the test tells it to. */
export class FakeRelay {
  readonly connections: FakeConnection[] = [];
  readonly #server: WebSocketServer;

  private constructor(server: WebSocketServer) {
    this.#server = server;
    server.on('connection', (socket) => this.connections.push(new FakeConnection(socket)));
  }

  static async start(): Promise<FakeRelay> {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    await once(server, 'listening');
    return new FakeRelay(server);
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  /** Waits for the nth connection (1, 2, …). */
  connection(number: number): Promise<FakeConnection> {
    return waitUntil(`connection ${number}`, () => this.connections[number - 1]);
  }

  async stop(): Promise<void> {
    for (const connection of this.connections) connection.cut();
    await new Promise((done) => this.#server.close(done));
  }
}

export function identifiedFrame(target: Frame = {}, epoch = 'e1', groups: Frame = {}): Frame {
  return {
    type: 'identified',
    clientId: '1',
    connectionId: 'c',
    epoch,
    heartbeatSeconds: 25,
    targets: { '1': { offset: 0, head: 0, recovered: true, ...target }, ...groups },
  };
}

export function messageFrame(offset: number, epoch = 'e1'): Frame {
  return {
    type: 'new_message',
    id: String(1_000 + offset),
    targetId: '1',
    offset,
    epoch,
    data: `text ${offset}`,
    createdAt: '2026-11-25T12:00:00.000Z',
  };
}

export function groupFrame(targetId: string, offset: number, epoch = 'e1'): Frame {
  return { ...messageFrame(offset, epoch), targetId };
}
