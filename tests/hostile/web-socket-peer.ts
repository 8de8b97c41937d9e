import { connect, type Socket } from 'node:net';
import { openRawWebSocket, waitUntil } from '@postline/test-support';

/** The client end of a relay's connection, with everything that it received. */
export class WebSocketPeer {
  readonly #socket: Socket;
  #received = Buffer.alloc(0);
  #hasEnded = false;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#hasEnded = true;
    });
    socket.on('data', (data: Buffer) => {
      this.#received = Buffer.concat([this.#received, data]);
    });
  }

  write(bytes: Buffer): void {
    this.#socket.write(bytes);
  }

  received(): string {
    return this.#received.toString('latin1');
  }

  async says(what: string): Promise<void> {
    await waitUntil(`the relay says ${JSON.stringify(what)}`, () => this.received().includes(what));
  }

  /** The code in the relay's close frame; undefined if the frame has none. */
  async closeCode(): Promise<number | undefined> {
    const start = await waitUntil('a close frame', () => {
      const index = this.#received.findIndex(
        (byte, at) => byte === 0x88 && (at === 0 || this.#isFrameStart(at)),
      );
      return (
        index >= 0 && this.#received.length > index + (this.#received[index + 1] === 0 ? 1 : 3) && { index }
      );
    });
    return this.#received[start.index + 1] === 0 ? undefined : this.#received.readUInt16BE(start.index + 2);
  }

  async ended(): Promise<void> {
    await waitUntil('the relay has hung up', () => this.#hasEnded);
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** The relay's frames are short here: each begins where the previous one ends. */
  #isFrameStart(wanted: number): boolean {
    let at = 0;
    while (at < wanted) at += 2 + (this.#received[at + 1] ?? 0);
    return at === wanted;
  }
}

/** Opens a WebSocket on this local port. */
export async function openPeer(port: number): Promise<WebSocketPeer> {
  return new WebSocketPeer(await openRawWebSocket(connect({ host: '127.0.0.1', port })));
}
