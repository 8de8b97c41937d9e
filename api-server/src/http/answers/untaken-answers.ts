import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Holding, MemoryShare } from '@postline/service-runtime';

/** Measured memory of a pipelined request that waits for its turn: itself, its response, and a short answer. */
const QUEUED_BYTES = 4 * 1024;
/** A shorter answer costs less than its connection, and the number of connections is bounded. */
const UNCOUNTED_BYTES_MAX = 1024;

export interface UntakenAnswersOptions {
  readonly memory: MemoryShare;
  /** Milliseconds in which a connection must receive at least one of its answers; else it is closed. */
  readonly deadlineMs: number;
}

const countedBy = new WeakMap<Socket, UntakenAnswers>();

/**
 * Counts the memory held by clients that send requests and do not receive the answers: requests that wait behind others
 * on their connection, and answers of more than a few lines. It is counted per connection; if no memory is left, the
 * connection that holds most is closed.
 */
export class UntakenAnswers {
  readonly #options: UntakenAnswersOptions;
  readonly #connections = new WeakMap<Socket, ConnectionAnswers>();

  constructor(options: UntakenAnswersOptions) {
    this.#options = options;
  }

  /** Begins to count the answers on this connection. */
  watch(socket: Socket): void {
    countedBy.set(socket, this);
  }

  /** Call this for each response when its request arrives. It costs nothing if no other response is before it. */
  countQueued(response: ServerResponse): void {
    if (response.socket !== null) return;
    const { url = '', rawHeaders } = response.req;
    let bytes = QUEUED_BYTES + url.length;
    for (const text of rawHeaders) bytes += text.length;
    this.hold(response, bytes);
  }

  hold(response: ServerResponse, bytes: number): void {
    const { socket } = response.req;
    let connection = this.#connections.get(socket);
    if (connection === undefined) {
      connection = new ConnectionAnswers(socket, this.#options);
      this.#connections.set(socket, connection);
    }
    connection.hold(response, bytes);
  }
}

/**
 * Call this after an answer was written: counts its bytes, unless the operating system took them at once, until the
 * response has been sent or its connection has closed.
 */
export function countUntaken(response: ServerResponse, bytes: number): void {
  if (bytes <= UNCOUNTED_BYTES_MAX || response.writableLength === 0) return;
  countedBy.get(response.req.socket)?.hold(response, bytes);
}

/** One connection with unsent answers. */
class ConnectionAnswers {
  readonly #socket: Socket;
  readonly #deadlineMs: number;
  readonly #holding: Holding;
  #responseCount = 0;
  #deadline: NodeJS.Timeout | undefined;

  constructor(socket: Socket, { memory, deadlineMs }: UntakenAnswersOptions) {
    this.#socket = socket;
    this.#deadlineMs = deadlineMs;
    this.#holding = memory.open({ onGiveWay: this.#giveUp });
  }

  hold(response: ServerResponse, bytes: number): void {
    if (!this.#holding.grow(bytes)) {
      this.#giveUp();
      return;
    }
    this.#responseCount += 1;
    this.#deadline ??= setTimeout(this.#giveUp, this.#deadlineMs).unref();
    response.once('close', () => {
      this.#release(bytes);
    });
  }

  #release(bytes: number): void {
    this.#holding.shrink(bytes);
    this.#responseCount -= 1;
    if (this.#responseCount > 0) {
      this.#deadline?.refresh();
      return;
    }
    clearTimeout(this.#deadline);
    this.#deadline = undefined;
  }

  readonly #giveUp = (): void => {
    this.#holding.close();
    this.#socket.destroy();
  };
}
