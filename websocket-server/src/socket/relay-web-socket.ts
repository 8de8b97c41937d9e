import { CLOSE_CODES, type CloseCode } from '@postline/protocol';
import type { Socket } from 'node:net';
import { WebSocket } from 'ws';
import type { ClientSocket } from '../connection/client-socket.ts';
import type { Connection } from '../connection/connection.ts';
import type { Holding } from '@postline/service-runtime';
import type { QueuedSocket, SocketQueues } from './socket-queues.ts';
import { encodeTextFrames } from './text-frame.ts';
import type { TurnMember, WriteTurn } from './write-turn.ts';

/** Bytes that gather within a turn: in a larger write one more frame saves nothing. */
const GATHERED_BYTES_MAX = 16 * 1024;

/** A protocol ping without a payload, encoded. */
const PING_BYTES = Buffer.from([0x89, 0x00]);

/** Memory for each piece of a frame, beside its bytes: a Buffer and the engine's own data. */
const PIECE_OVERHEAD_BYTES = 256;

/** The library's private fields for an incomplete message; its version is pinned because of them. */
interface IncompleteMessage {
  readonly _buffers: readonly Buffer[];
  readonly _bufferedBytes: number;
  readonly _messageLength: number;
}

/** Events of all sockets. */
export interface SocketEvents {
  onClose(code: number, connection: Connection): void;
}

/** A ws socket that calls its connection directly: listeners would take a table for each socket, and most are idle. */
export class RelayWebSocket extends WebSocket {
  connection: Connection | undefined;
  writer: WsClientSocket | undefined;
  events: SocketEvents | undefined;
  /** The relay's own close code: a peer that never answers would otherwise count as 1006. */
  closedWith: CloseCode | undefined;

  declare private readonly _receiver: IncompleteMessage | null | undefined;

  /** Memory of an incomplete message, with the cost of each piece. */
  incompleteBytes(): number {
    const receiver = this._receiver;
    if (receiver === null || receiver === undefined) return 0;
    const pieces = receiver._buffers.length;
    return receiver._bufferedBytes + receiver._messageLength + pieces * PIECE_OVERHEAD_BYTES;
  }

  /** Ignores `error`: the library closes the socket itself (1002, 1007, 1008 or 1009), and then emits `close`. */
  override emit(event: string | symbol, ...args: readonly unknown[]): boolean {
    switch (event) {
      case 'message':
        this.#onMessage(args[0] as Buffer, args[1] === true);
        break;
      case 'ping':
      case 'pong':
        if (this.connection?.onFrame((args[0] as Buffer).length) === true) this.connection.onSignOfLife();
        break;
      case 'close':
        this.writer?.onClosed();
        if (this.connection === undefined) break;
        this.connection.onClosed();
        this.events?.onClose(this.closedWith ?? (args[0] as number), this.connection);
        break;
    }
    return true;
  }

  /** Ignores frames of a connection that is being closed. */
  #onMessage(data: Buffer, isBinary: boolean): void {
    if (this.readyState !== WebSocket.OPEN) return;
    if (this.connection?.onFrame(data.length) !== true) return;
    if (isBinary) this.connection.fail('bad_frame', CLOSE_CODES.badFrame);
    else this.connection.onText(data.toString('utf8'), data.length);
  }
}

/**
 * The ClientSocket on a ws socket and the TCP socket below it. Frames are written to the latter directly: they are
 * complete and neither masked nor compressed, so the library has nothing to add, and its own frames (pongs, the close
 * frame) may go between any two of them.
 */
export class WsClientSocket implements ClientSocket, TurnMember, QueuedSocket {
  readonly #ws: RelayWebSocket;
  readonly #raw: Socket;
  readonly #turn: WriteTurn;
  readonly #queues: SocketQueues;
  /** Frames of this turn that are not written yet. */
  #gathered: Buffer | Buffer[] | undefined;
  #gatheredBytes = 0;
  /** True from the moment that the buffer is full until it is empty again. */
  #full = false;
  /** Defined while bytes wait in the socket's queue. */
  #queue: Queue | undefined;
  /** Defined while a frame is incomplete. */
  #incoming: Holding | undefined;

  constructor({ ws, raw, turn, queues }: WsClientSocketOptions) {
    this.#ws = ws;
    this.#raw = raw;
    this.#turn = turn;
    this.#queues = queues;
  }

  isWritable(): boolean {
    return !this.#full && this.#isOpen();
  }

  roomBytes(): number {
    return this.#queues.roomBytes() - this.#raw.writableLength;
  }

  bytesTaken(): number {
    return this.#raw.bytesWritten - this.#raw.writableLength;
  }

  send(text: string): void {
    if (this.#isOpen()) this.#gather(this.#turn.frame(text));
  }

  sendShared(texts: readonly string[]): void {
    if (!this.#isOpen()) return;
    const bytes = this.#turn.sharedFrames(texts);
    if (this.#turn.isEnding && this.#gathered === undefined) {
      this.#write(bytes);
    } else {
      this.#gather(bytes);
      if (this.#turn.isEnding) this.flush();
    }
  }

  sendAll(texts: readonly string[]): void {
    this.flush();
    if (this.#isOpen()) this.#write(encodeTextFrames(texts));
  }

  ping(): void {
    if (this.#isOpen()) this.#gather(PING_BYTES);
  }

  close(code: CloseCode, reason: string): void {
    this.flush();
    if (!this.#isOpen()) return;
    this.#ws.closedWith = code;
    this.#ws.close(code, reason);
  }

  terminate(): void {
    this.#ws.terminate();
  }

  /** Writes nothing if the socket was closed meanwhile. */
  flush(): void {
    const gathered = this.#gathered;
    if (gathered === undefined) return;
    this.#gathered = undefined;
    this.#gatheredBytes = 0;
    if (this.#isOpen()) this.#write(Array.isArray(gathered) ? Buffer.concat(gathered) : gathered);
  }

  #isOpen(): boolean {
    return this.#ws.readyState === WebSocket.OPEN;
  }

  #gather(bytes: Buffer): void {
    if (this.#gathered === undefined) {
      this.#gathered = bytes;
      this.#turn.addSocket(this);
    } else if (Array.isArray(this.#gathered)) {
      this.#gathered.push(bytes);
    } else {
      this.#gathered = [this.#gathered, bytes];
    }
    this.#gatheredBytes += bytes.length;
    if (this.#gatheredBytes >= GATHERED_BYTES_MAX) this.flush();
  }

  /** Bytes arrived, and the library has taken complete frames out of them. */
  onReceived(): void {
    const bytes = this.#ws.incompleteBytes();
    if (bytes === 0) {
      this.#incoming?.close();
      this.#incoming = undefined;
      return;
    }
    this.#incoming ??= this.#queues.openIncoming(() => {
      this.#dropIncoming();
    });
    const more = bytes - this.#incoming.bytes;
    if (more <= 0) this.#incoming.shrink(-more);
    else if (!this.#incoming.grow(more)) this.#dropIncoming();
  }

  onClosed(): void {
    this.recount();
    this.#incoming?.close();
    this.#incoming = undefined;
  }

  recount(): void {
    this.#count(this.#raw.destroyed ? 0 : this.#raw.writableLength);
  }

  /** Most clients read: then the system takes everything at once, and nothing waits. */
  #write(bytes: Buffer): void {
    this.#raw.write(bytes);
    const waiting = this.#raw.writableLength;
    if (waiting === 0 && this.#queue === undefined) return;
    if (!this.#count(waiting) || this.#full) return;
    const fullBytes = Math.max(this.#queues.roomBytes(), this.#raw.writableHighWaterMark); // below it there is no drain event
    if (waiting < fullBytes) return;
    this.#full = true;
    this.#ws.connection?.onStalled();
    this.#raw.once('drain', () => {
      this.#full = false;
      this.recount();
      this.#ws.connection?.onDrain();
    });
  }

  /** Counts the waiting bytes in the sum of all sockets; false if there is no room, and the socket is dropped. */
  #count(waiting: number): boolean {
    if (waiting === 0) {
      this.#emptyQueue();
      return true;
    }
    this.#queue ??= {
      holding: this.#queues.open(this, () => {
        this.#onGiveWay();
      }),
      takenBefore: this.bytesTaken(),
    };
    const { holding } = this.#queue;
    const more = waiting - holding.bytes;
    if (more > 0 && !holding.grow(more)) {
      this.#drop();
      return false;
    }
    if (more <= 0) holding.shrink(-more);
    return true;
  }

  #emptyQueue(): void {
    if (this.#queue === undefined) return;
    this.#queues.close(this, this.#queue.holding);
    this.#queue = undefined;
  }

  /** Another socket needs the room, and this one holds most. It stays if its peer has read something meanwhile. */
  #onGiveWay(): void {
    if (this.#queue === undefined) return;
    const taken = this.bytesTaken();
    if (taken > this.#queue.takenBefore) this.#queue.takenBefore = taken;
    else this.#drop();
  }

  /** Too many incomplete frames are held, and this is the largest. */
  #dropIncoming(): void {
    this.#incoming?.close();
    this.#incoming = undefined;
    this.#ws.closedWith = CLOSE_CODES.tooMany;
    this.#ws.terminate();
  }

  /** At once, to free its memory. A close frame could not overtake the waiting bytes. */
  #drop(): void {
    this.#emptyQueue();
    this.#ws.closedWith = CLOSE_CODES.noProgress;
    this.#ws.terminate();
  }
}

interface Queue {
  readonly holding: Holding;
  /** Bytes that the peer's side had taken when the socket was last asked to give way. */
  takenBefore: number;
}

export interface WsClientSocketOptions {
  readonly ws: RelayWebSocket;
  readonly raw: Socket;
  readonly turn: WriteTurn;
  readonly queues: SocketQueues;
}
