import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { OneWay, type WayState } from './one-way.ts';

/** `up` is towards the server, `down` is its answers. */
export type Way = 'up' | 'down';

/** A piece is what one read of the socket yields. */
export type PieceMatcher = (piece: Buffer) => boolean;

/** Whether the server receives the piece (`unanswered`) or not (`unheard`), and the connection is reset or falls silent. */
export type PieceFate = 'reset-unheard' | 'reset-unanswered' | 'silence-unheard' | 'silence-unanswered';

const COMMIT_PACKET_BYTES_MAX = 32;

/** Whether a piece on a connection to a database commits: COMMIT, or a message that is alone and brings it along. */
export const isCommit: PieceMatcher = (piece) => isCommitAlone(piece) || isLoneMessage(piece);

function isCommitAlone(piece: Buffer): boolean {
  return piece.length < COMMIT_PACKET_BYTES_MAX && piece.toString('latin1').endsWith('COMMIT');
}

const EXECUTE = 0x17;
const COMMAND_AT = 4;
/** Where the values of a prepared statement with five parameters begin: after the head, the types and a byte of nulls. */
const VALUES_AT = 26;

/** The block with which a message that is alone is stored: the only statement whose first and third value of five are equal. */
function isLoneMessage(piece: Buffer): boolean {
  if (piece.length < VALUES_AT || piece[COMMAND_AT] !== EXECUTE) return false;
  const first = textAt(piece, VALUES_AT);
  const second = first && textAt(piece, first.end);
  const third = second && textAt(piece, second.end);
  const fourth = third && textAt(piece, third.end);
  const fifth = fourth && textAt(piece, fourth.end);
  return first !== undefined && first.text === third?.text && fifth?.end === piece.length;
}

const TWO_BYTES_FOLLOW = 0xfc;

/** A text with its length before it: one byte, or FC and two bytes. */
function textAt(piece: Buffer, at: number): { readonly text: string; readonly end: number } | undefined {
  const isLong = piece[at] === TWO_BYTES_FOLLOW;
  const start = at + (isLong ? 3 : 1);
  if (start > piece.length) return undefined;
  const end = start + (isLong ? piece.readUInt16LE(at + 1) : (piece[at] ?? 0));
  return end > piece.length ? undefined : { text: piece.toString('latin1', start, end), end };
}

interface BreakRule {
  readonly matches: PieceMatcher;
  readonly fate: PieceFate;
}

/** What holds for all connections of a proxy. */
interface Line {
  readonly states: Record<Way, WayState>;
  rule: BreakRule | undefined;
  losesAnswer: () => boolean;
}

/** One connection: the client's socket, the one to the server, and what passes between them. */
class Link {
  /** Goes before the rule of the line. */
  rule: BreakRule | undefined;
  readonly #near: Socket;
  readonly #far: Socket;
  readonly #line: Line;
  readonly #ways: Readonly<Record<Way, OneWay>>;
  readonly #frozenWays = new Set<Way>();
  #resetsAtAnswer = false;

  constructor({ near, far, line }: { readonly near: Socket; readonly far: Socket; readonly line: Line }) {
    this.#near = near;
    this.#far = far;
    this.#line = line;
    const up = { from: near, to: far, onData: (piece: Buffer) => this.#letsUp(piece) };
    const down = { from: far, to: near, onData: () => this.#letsDown() };
    this.#ways = {
      up: new OneWay({ ...up, state: () => this.#stateOf('up') }),
      down: new OneWay({ ...down, state: () => this.#stateOf('down') }),
    };
  }

  freeze(...ways: readonly Way[]): void {
    for (const way of ways) this.#frozenWays.add(way);
  }

  /** Ends the conditions of this connection alone. */
  heal(): void {
    this.rule = undefined;
    this.#frozenWays.clear();
  }

  isEndedByClient(): boolean {
    return this.#near.destroyed || this.#near.readableEnded;
  }

  isOver(): boolean {
    return this.#near.destroyed && this.#far.destroyed;
  }

  onStateChanged(way: Way): void {
    this.#ways[way].onStateChanged();
  }

  silence(): void {
    this.#ways.up.stop();
    this.#ways.down.stop();
  }

  reset(): void {
    this.silence();
    this.#near.resetAndDestroy();
    this.#far.resetAndDestroy();
  }

  #stateOf(way: Way): WayState {
    const state = this.#line.states[way];
    return this.#frozenWays.has(way) ? { ...state, isFrozen: true } : state;
  }

  #letsUp(piece: Buffer): boolean {
    const rule = this.rule ?? this.#line.rule;
    if (rule?.matches(piece) !== true) return true;
    switch (rule.fate) {
      case 'reset-unheard':
        this.reset();
        return false;
      case 'reset-unanswered':
        this.#resetsAtAnswer = true;
        return true;
      case 'silence-unheard':
        this.silence();
        return false;
      case 'silence-unanswered':
        this.#ways.down.stop();
        return true;
    }
  }

  #letsDown(): boolean {
    if (!this.#resetsAtAnswer && !this.#line.losesAnswer()) return true;
    this.reset();
    return false;
  }
}

/** A proxy on 127.0.0.1 to a port of this machine, on which a link can be made to fail as networks do. */
export class TcpProxy {
  /** Where clients connect to. */
  readonly port: number;
  readonly #server: Server;
  readonly #links = new Set<Link>();
  readonly #held = new Set<Socket>();
  readonly #line: Line = {
    states: { up: passing(), down: passing() },
    rule: undefined,
    losesAnswer: () => false,
  };
  #serverPort: number;
  #newConnections: 'pass' | 'reset' | 'wait' = 'pass';

  private constructor(server: Server, serverPort: number) {
    this.port = (server.address() as AddressInfo).port;
    this.#server = server;
    this.#serverPort = serverPort;
    server.on('connection', (near: Socket) => this.#onConnection(near));
  }

  static async start(serverPort: number): Promise<TcpProxy> {
    const server = createServer({ allowHalfOpen: true, noDelay: true });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new TcpProxy(server, serverPort);
  }

  /** The same URL by way of the proxy. */
  urlThrough(url: string): string {
    return Object.assign(new URL(url), { hostname: '127.0.0.1', port: String(this.port) }).href;
  }

  /** Connections that their clients have not ended. */
  connectionCount(): number {
    return [...this.#links].filter((link) => !link.isEndedByClient()).length;
  }

  /** How many connections `hold` keeps waiting. */
  heldCount(): number {
    return this.#held.size;
  }

  /** New connections lead to this port from now on; open ones stay where they are. */
  redirect(serverPort: number): void {
    this.#serverPort = serverPort;
  }

  /** Resets every open connection; new ones pass. */
  reset(): void {
    for (const link of this.#links) link.reset();
  }

  /** Resets every open connection, and every new one until `heal`. */
  cut(): void {
    this.#newConnections = 'reset';
    this.reset();
  }

  /** New connections are accepted and wait until `heal`. */
  hold(): void {
    this.#newConnections = 'wait';
  }

  /** Stops the bytes of these ways without closing anything; `heal` lets them go on where they stopped. */
  freeze(...ways: readonly Way[]): void {
    this.#change({ isFrozen: true }, ways);
  }

  /** The same, only for connections that are open now. */
  freezeOpen(...ways: readonly Way[]): void {
    for (const link of this.#links) link.freeze(...ways);
  }

  /** Open connections never carry anything again, not even their end: a firewall that forgot them. */
  silence(): void {
    for (const link of this.#links) link.silence();
  }

  /** Every byte arrives so much later, both ways. */
  delay(milliseconds: number): void {
    this.#change({ delayMs: milliseconds });
  }

  /** Limits each direction of each connection. */
  slow(bytesPerSecond: number): void {
    this.#change({ bytesPerSecond });
  }

  /** Resets a connection in place of an answer, for this share of the server's pieces (0 to 1). */
  loseAnswers(share: number, random: () => number = Math.random): void {
    this.#line.losesAnswer = () => random() < share;
  }

  /** Breaks a connection at a matching piece of its client; replaces the rule that was set before. */
  breakAt(matches: PieceMatcher, fate: PieceFate): void {
    this.#line.rule = { matches, fate };
  }

  /** The same, only for connections that are open now. */
  breakOpenAt(matches: PieceMatcher, fate: PieceFate): void {
    for (const link of this.#links) link.rule = { matches, fate };
  }

  /** Ends every condition. */
  heal(): void {
    this.#newConnections = 'pass';
    this.#line.losesAnswer = () => false;
    this.#line.rule = undefined;
    for (const link of this.#links) link.heal();
    this.#change(passing());
    for (const near of this.#held) this.#join(near);
    this.#held.clear();
  }

  async close(): Promise<void> {
    this.reset();
    for (const near of this.#held) near.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #onConnection(near: Socket): void {
    near.on('error', () => undefined);
    if (this.#newConnections === 'reset') near.resetAndDestroy();
    else if (this.#newConnections === 'wait') this.#held.add(near);
    else this.#join(near);
  }

  #join(near: Socket): void {
    const far = connect({ host: '127.0.0.1', port: this.#serverPort, allowHalfOpen: true, noDelay: true });
    far.on('error', () => undefined);
    const link = new Link({ near, far, line: this.#line });
    this.#links.add(link);
    const forgetWhenOver = () => {
      if (link.isOver()) this.#links.delete(link);
    };
    near.once('close', forgetWhenOver);
    far.once('close', forgetWhenOver);
  }

  #change(next: Partial<WayState>, ways: readonly Way[] = ['up', 'down']): void {
    for (const way of ways) this.#line.states[way] = { ...this.#line.states[way], ...next };
    for (const link of this.#links) for (const way of ways) link.onStateChanged(way);
  }
}

function passing(): WayState {
  return { isFrozen: false, delayMs: 0, bytesPerSecond: Infinity };
}
