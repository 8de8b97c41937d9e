import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** What happens to the next COMMIT that a client sends. */
export type CommitFate =
  | 'pass'
  /** The server commits; its answer never comes, and the connection stays. */
  | 'swallow-answer'
  /** The server commits; the connection is cut instead of its answer. */
  | 'cut-instead-of-answer'
  /** The server never hears of it, and the connection stays on its side. */
  | 'swallow-commit'
  /** The server never hears of it, and both connections are cut. */
  | 'cut-instead-of-commit';

export interface TcpProxy {
  /** The same database URL, through the proxy. */
  url(databaseUrl: string): string;
  /** Applies to one COMMIT, then everything passes again. */
  setCommitFate(fate: CommitFate): void;
  /** The next bytes of a client, on a connection that is open now, end that connection. */
  cutAtNextBytes(): void;
  /** Connections that are made from now on get no answer, until `release`. */
  hold(): void;
  release(): void;
  /** Connections that are held. */
  waiting(): number;
  connections(): number;
  close(): Promise<void>;
}

/** A proxy between a store and its database that loses chosen bytes. It knows just enough of the protocol: COMMIT. */
export async function startTcpProxy(databaseUrl: string): Promise<TcpProxy> {
  const target = new URL(databaseUrl);
  const pairs = new Set<Pair>();
  let fate: CommitFate = 'pass';
  const held: (() => void)[] = [];
  let isHolding = false;
  const server = createServer((client) => {
    if (isHolding) held.push(() => join(client));
    else join(client);
  });
  const join = (client: Socket) => {
    const pair = new Pair(client, connect(Number(target.port), target.hostname), () => {
      const now = fate;
      fate = 'pass';
      return now;
    });
    pairs.add(pair);
    client.once('close', () => pairs.delete(pair));
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: (original) => {
      const url = new URL(original);
      url.hostname = '127.0.0.1';
      url.port = String(port);
      return url.href;
    },
    setCommitFate: (next) => {
      fate = next;
    },
    cutAtNextBytes: () => {
      for (const pair of pairs) pair.cutAtNextBytes = true;
    },
    hold: () => {
      isHolding = true;
    },
    release: () => {
      isHolding = false;
      for (const letIn of held.splice(0)) letIn();
    },
    waiting: () => held.length,
    connections: () => pairs.size,
    close: async () => {
      for (const pair of pairs) pair.cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

class Pair {
  cutAtNextBytes = false;
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #takeFate: () => CommitFate;
  #answers: 'pass' | 'swallow' | 'cut' = 'pass';
  #isDeaf = false;

  constructor(client: Socket, server: Socket, takeFate: () => CommitFate) {
    this.#client = client;
    this.#server = server;
    this.#takeFate = takeFate;
    client.setNoDelay(true);
    server.setNoDelay(true);
    client.on('error', () => undefined);
    server.on('error', () => undefined);
    client.on('data', (bytes) => this.#onClientBytes(bytes));
    server.on('data', (bytes) => this.#onServerBytes(bytes));
    client.once('close', () => {
      if (!this.#isDeaf) server.destroy(); // otherwise the server goes on believing in this client
    });
    server.once('close', () => client.destroy());
  }

  cut(): void {
    this.#client.destroy();
    this.#server.destroy();
  }

  #onClientBytes(bytes: Buffer): void {
    if (this.cutAtNextBytes) {
      this.cut();
      return;
    }
    if (this.#isDeaf) return;
    if (isCommit(bytes)) {
      switch (this.#takeFate()) {
        case 'pass':
          break;
        case 'swallow-answer':
          this.#answers = 'swallow';
          break;
        case 'cut-instead-of-answer':
          this.#answers = 'cut';
          break;
        case 'swallow-commit':
          this.#isDeaf = true;
          return;
        case 'cut-instead-of-commit':
          this.cut();
          return;
      }
    }
    this.#server.write(bytes);
  }

  #onServerBytes(bytes: Buffer): void {
    if (this.#answers === 'cut') this.cut();
    else if (this.#answers === 'pass') this.#client.write(bytes);
  }
}

const COMMIT_BYTES_MAX = 32;

function isCommit(bytes: Buffer): boolean {
  return bytes.length < COMMIT_BYTES_MAX && bytes.toString('latin1').endsWith('COMMIT');
}
