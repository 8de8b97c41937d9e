import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface TcpLink {
  readonly url: string;
  /** From now on nothing goes through in either direction, and nobody is told; new connections are accepted. */
  cutSilently(): void;
  /** New connections go through again; those that were cut stay cut. */
  heal(): void;
  /** Keeps back what the target sends on the connections that are open now. */
  hold(): HeldConnections;
  /** Connects to another port from now on; connections that are open stay where they are. */
  retarget(targetPort: number): void;
  close(): Promise<void>;
}

export interface HeldConnections {
  /** Resolves when the client sends something on one of them, or ends one. */
  readonly used: Promise<void>;
  /** Hands over what was kept back, and whatever follows. */
  release(): void;
}

/** A link to a port of this machine that can be cut as a firewall does: without a FIN or RST. */
export async function openTcpLink(firstTargetPort: number): Promise<TcpLink> {
  const sockets = new Set<Socket>();
  const farByNear = new Map<Socket, Socket>();
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
    farByNear.set(near, far);
    near.on('close', () => farByNear.delete(near));
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
    hold: () => {
      const held = [...farByNear];
      for (const [near, far] of held) far.unpipe(near);
      return {
        used: Promise.race(held.flatMap(([near]) => [once(near, 'data'), once(near, 'close')])).then(
          () => undefined,
        ),
        release: () => {
          for (const [near, far] of held) far.pipe(near);
        },
      };
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
