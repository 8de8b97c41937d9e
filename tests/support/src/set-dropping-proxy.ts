import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

const HEADER_BYTES = 4;
const COM_QUERY = 0x03;
/** OK without rows, with autocommit on: the answer to a first packet. */
const OK_PACKET = Buffer.from([7, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0]);

/**
 * A proxy in front of a database that does not keep the settings of sessions: while it drops, it answers each SET itself.
 * As pooling proxies do that hand a session from one connection to the next.
 */
export class SetDroppingProxy {
  readonly port: number;
  isDropping = true;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server, databasePort: number) {
    this.port = (server.address() as AddressInfo).port;
    this.#server = server;
    server.on('connection', (near: Socket) => {
      this.#join(near, connect({ host: '127.0.0.1', port: databasePort, noDelay: true }));
    });
  }

  static async start(databasePort: number): Promise<SetDroppingProxy> {
    const server = createServer({ noDelay: true });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new SetDroppingProxy(server, databasePort);
  }

  /** The same URL by way of the proxy. */
  urlThrough(url: string): string {
    return Object.assign(new URL(url), { hostname: '127.0.0.1', port: String(this.port) }).href;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #join(near: Socket, far: Socket): void {
    const end = () => {
      near.destroy();
      far.destroy();
    };
    for (const socket of [near, far]) {
      this.#sockets.add(socket);
      socket
        .on('error', () => undefined)
        .once('close', () => {
          this.#sockets.delete(socket);
          end();
        });
    }
    far.pipe(near);
    let waiting = Buffer.alloc(0);
    near.on('data', (piece: Buffer) => {
      waiting = Buffer.concat([waiting, piece]);
      for (let bytes = packetBytes(waiting); waiting.length >= bytes; bytes = packetBytes(waiting)) {
        const packet = waiting.subarray(0, bytes);
        waiting = waiting.subarray(bytes);
        if (this.isDropping && isSet(packet)) near.write(OK_PACKET);
        else far.write(packet);
      }
    });
  }
}

/** Of the first packet; more than there are where its header is not complete. */
function packetBytes(bytes: Buffer): number {
  return bytes.length < HEADER_BYTES ? HEADER_BYTES : HEADER_BYTES + bytes.readUIntLE(0, 3);
}

function isSet(packet: Buffer): boolean {
  const isCommand = packet[HEADER_BYTES - 1] === 0 && packet[HEADER_BYTES] === COM_QUERY;
  return isCommand && /^SET /i.test(packet.subarray(HEADER_BYTES + 1).toString('latin1'));
}
