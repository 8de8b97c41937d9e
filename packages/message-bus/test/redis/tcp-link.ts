import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface TcpLink {
  readonly url: string;
  /** From now on nothing goes through in either direction, and nobody is told; new connections are accepted. */
  cutSilently(): void;
  /** New connections go through again; those that were cut stay cut. */
  heal(): void;
  /** Connects to another port from now on; connections that are open stay where they are. */
  retarget(targetPort: number): void;
  close(): Promise<void>;
}

/** A link to a port of this machine that can be cut as a firewall does: without a FIN or RST. */
export async function openTcpLink(firstTargetPort: number): Promise<TcpLink> {
  const sockets = new Set<Socket>();
  let targetPort = firstTargetPort;
  let isCut = false;
  const server = createServer((near) => {
    const far = connect(targetPort, '127.0.0.1');
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => sockets.delete(socket));
    }
    if (isCut) return;
    near.pipe(far);
    far.pipe(near);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cutSilently: () => {
      isCut = true;
      for (const socket of sockets) {
        socket.unpipe();
        socket.removeAllListeners('end');
        socket.on('data', () => undefined);
      }
    },
    heal: () => {
      isCut = false;
    },
    retarget: (port) => {
      targetPort = port;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
