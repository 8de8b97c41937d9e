import { CLOSE_CODES, type CloseCode } from '@postline/protocol';
import type { Socket } from 'node:net';
import { WebSocket } from 'ws';
import type { ClientSocket } from '../connection/client-socket.ts';
import type { Connection } from '../connection/connection.ts';
import type { Holding } from '@postline/service-runtime';
import type { QueuedSocket, SocketQueues } from './socket-queues.ts';
import { encodeTextFrames } from './text-frame.ts';
import type { TurnMember, WriteTurn } from './write-turn.ts';

/** Bytes that gather within a turn: beyond it there is nothing left to save by another frame in the same call. */
const GATHERED_BYTES_MAX = 16 * 1024;

/** A protocol ping without a payload, as it goes on the line. */
const PING_BYTES = Buffer.from([0x89, 0x00]);

/** What a piece of a frame costs beside its bytes: a Buffer and what the engine keeps for it. */
const PIECE_OVERHEAD_BYTES = 256;

/** What the library keeps of a message until all of it has come: fields of its Receiver that it does not publish. */
interface IncompleteMessage {
  readonly _buffers: readonly Buffer[];
  readonly _bufferedBytes: number;
  readonly _messageLength: number;
}

/** What the relay wants to know of its sockets; one for all of them. */
export interface SocketEvents {
  onClose(code: number, connection: Connection): void;
}

/** A ws socket that tells its connection directly: listeners are a table for each socket, most of which are idle. */
export class RelayWebSocket extends WebSocket {
  connection: Connection | undefined;
  writer: WsClientSocket | undefined;
  events: SocketEvents | undefined;
  /** Why the relay closed it, where it did: a peer that never answers would otherwise count as 1006. */
  closedWith: CloseCode | undefined;

  declare private readonly _receiver: IncompleteMessage | null | undefined;

  /** Bytes that are held of a message whose rest has not come; in pieces, each of which has a cost. */
  incompleteBytes(): number {
    const receiver = this._receiver;
    if (receiver === null || receiver === undefined) return 0;
    const pieces = receiver._buffers.length;
    return receiver._bufferedBytes + receiver._messageLength + pieces * PIECE_OVERHEAD_BYTES;
  }

  /** An `error` needs nothing: the library closes the socket itself (with 1002, 1007, 1008 or 1009), and tells that. */
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

  /** What still comes from a client that is being closed is not listened to. */
  #onMessage(data: Buffer, isBinary: boolean): void {
    if (this.readyState !== WebSocket.OPEN) return;
    if (this.connection?.onFrame(data.length) !== true) return;
    if (isBinary) this.connection.fail('bad_frame', CLOSE_CODES.badFrame);
    else this.connection.onText(data.toString('utf8'), data.length);
  }
}

/**
 * The ClientSocket on a ws socket and the TCP socket below it. Frames are written to the latter directly: they are
 * whole and neither masked nor compressed, so the library has nothing to add, and its own frames (pongs, the close
 * frame) may come between any two of them.
 */
export class WsClientSocket implements ClientSocket, TurnMember, QueuedSocket {
  readonly #ws: RelayWebSocket;
  readonly #raw: Socket;
  readonly #turn: WriteTurn;
  readonly #queues: SocketQueues;
  /** What was sent in this turn and is not written yet. */
  #gathered: Buffer | Buffer[] | undefined;
  #gatheredBytes = 0;
  /** From the moment the buffer was full to the moment it is empty again. */
  #full = false;
  /** Only there while something waits in the socket's queue. */
  #queue: Queue | undefined;
  /** Only there while a part of a frame has come. */
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

  /** A socket that was closed meanwhile is given nothing more. */
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

  /** Some of the client's bytes have come, and the library has taken out of them what was whole. */
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

  /** Most clients read: the system takes everything at once, and nothing waits. */
  #write(bytes: Buffer): void {
    this.#raw.write(bytes);
    const waiting = this.#raw.writableLength;
    if (waiting === 0 && this.#queue === undefined) return;
    if (!this.#count(waiting) || this.#full) return;
    const fullBytes = Math.max(this.#queues.roomBytes(), this.#raw.writableHighWaterMark); // below it no drain is told
    if (waiting < fullBytes) return;
    this.#full = true;
    this.#ws.connection?.onStalled();
    this.#raw.once('drain', () => {
      this.#full = false;
      this.recount();
      this.#ws.connection?.onDrain();
    });
  }

  /** Counts what waits among what all sockets hold; false where there was no room for it, and the socket is dropped. */
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

  /** Another socket needs the room, and this one holds most. One that has taken something meanwhile is let be. */
  #onGiveWay(): void {
    if (this.#queue === undefined) return;
    const taken = this.bytesTaken();
    if (taken > this.#queue.takenBefore) this.#queue.takenBefore = taken;
    else this.#drop();
  }

  /** Frames that never end are held for too many at once, and this one is the largest. */
  #dropIncoming(): void {
    this.#incoming?.close();
    this.#incoming = undefined;
    this.#ws.closedWith = CLOSE_CODES.tooMany;
    this.#ws.terminate();
  }

  /** At once, as only so its memory comes free. A close frame could not pass what waits. */
  #drop(): void {
    this.#emptyQueue();
    this.#ws.closedWith = CLOSE_CODES.noProgress;
    this.#ws.terminate();
  }
}

interface Queue {
  readonly holding: Holding;
  /** Bytes that the peer's side had taken when this was last asked to give way. */
  takenBefore: number;
}

export interface WsClientSocketOptions {
  readonly ws: RelayWebSocket;
  readonly raw: Socket;
  readonly turn: WriteTurn;
  readonly queues: SocketQueues;
}
