import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { OneWay, type WayState } from './one-way.ts';

/** `up` is towards the server, `down` is its answers. */
export type Way = 'up' | 'down';

export interface TcpProxy {
  /** Where clients connect to. */
  readonly port: number;
  readonly connectionCount: () => number;
  /** New connections lead to this port from now on; those that are open stay where they are. */
  readonly redirect: (targetPort: number) => void;
  /** Ends every open connection with a reset; new ones are let through. */
  readonly reset: () => void;
  /** Ends every open connection with a reset, and every new one too, until `heal`. */
  readonly cut: () => void;
  /** Nothing goes this way any more and nobody is told, until `heal`; then it goes on where it stopped. */
  readonly freeze: (...ways: readonly Way[]) => void;
  /** Every byte arrives so much later, both ways. */
  readonly delay: (milliseconds: number) => void;
  /** So many bytes per second in each direction of each connection. */
  readonly slow: (bytesPerSecond: number) => void;
  /** What the server answers is thrown away with the connection, for this share of its pieces (0 to 1). */
  readonly loseAnswers: (share: number, random?: () => number) => void;
  /**
   * Ends a connection at a piece of the client's that matches: the server never hears of it (`unheard`), or it does and
   * its answer is thrown away (`unanswered`).
   */
  readonly endAt: (matches: (piece: Buffer) => boolean, how: 'unheard' | 'unanswered') => void;
  /** Ends every condition. */
  readonly heal: () => void;
  readonly close: () => Promise<void>;
}

interface EndsAt {
  readonly matches: (piece: Buffer) => boolean;
  readonly how: 'unheard' | 'unanswered';
}

interface Link {
  readonly near: Socket;
  readonly far: Socket;
  readonly ways: Readonly<Record<Way, OneWay>>;
}

/** A proxy on 127.0.0.1 to a port of this machine, on which a link can be made to fail as networks do. */
export async function startTcpProxy(targetPort: number): Promise<TcpProxy> {
  const links = new Set<Link>();
  const states: Record<Way, WayState> = { up: passing(), down: passing() };
  let isCut = false;
  let serverPort = targetPort;
  let losesAnswer = () => false;
  let endsAt: EndsAt | undefined;

  const server = createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
    near.on('error', () => undefined);
    if (isCut) {
      near.resetAndDestroy();
      return;
    }
    const far = connect({ host: '127.0.0.1', port: serverPort, allowHalfOpen: true, noDelay: true });
    far.on('error', () => undefined);
    const end = () => endLink(link);
    let awaitsLastAnswer = false;
    const link: Link = {
      near,
      far,
      ways: {
        up: new OneWay({
          from: near,
          to: far,
          state: () => states.up,
          onData: (piece) => {
            if (endsAt?.matches(piece) !== true) return true;
            if (endsAt.how === 'unheard') end();
            else awaitsLastAnswer = true;
            return endsAt.how === 'unanswered';
          },
        }),
        down: new OneWay({
          from: far,
          to: near,
          state: () => states.down,
          onData: () => {
            if (!awaitsLastAnswer && !losesAnswer()) return true;
            end();
            return false;
          },
        }),
      },
    };
    links.add(link);
    const forgetWhenOver = () => {
      if (near.destroyed && far.destroyed) links.delete(link);
    };
    near.once('close', forgetWhenOver);
    far.once('close', forgetWhenOver);
  });

  const endAll = () => {
    for (const link of links) endLink(link);
  };
  const change = (next: Partial<WayState>, ways: readonly Way[] = ['up', 'down']) => {
    for (const way of ways) states[way] = { ...states[way], ...next };
    for (const link of links) for (const way of ways) link.ways[way].onStateChanged();
  };

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    connectionCount: () => links.size,
    redirect: (next) => {
      serverPort = next;
    },
    reset: endAll,
    cut: () => {
      isCut = true;
      endAll();
    },
    freeze: (...ways) => change({ isFrozen: true }, ways),
    delay: (milliseconds) => change({ delayMs: milliseconds }),
    slow: (bytesPerSecond) => change({ bytesPerSecond }),
    loseAnswers: (share, random = Math.random) => {
      losesAnswer = () => random() < share;
    },
    endAt: (matches, how) => {
      endsAt = { matches, how };
    },
    heal: () => {
      isCut = false;
      losesAnswer = () => false;
      endsAt = undefined;
      change(passing());
    },
    close: async () => {
      endAll();
      server.close();
      await once(server, 'close');
    },
  };
}

function passing(): WayState {
  return { isFrozen: false, delayMs: 0, bytesPerSecond: Infinity };
}

function endLink({ near, far, ways }: Link): void {
  ways.up.stop();
  ways.down.stop();
  near.resetAndDestroy();
  far.resetAndDestroy();
}
