import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Holding, MemoryShare } from '@postline/service-runtime';

/** What a request takes that waits for its turn, as it was seen: itself, its response, and a short answer. */
const QUEUED_BYTES = 4 * 1024;
/** A shorter answer costs less than its connection, and connections are bounded in number. */
const UNCOUNTED_BYTES_MAX = 1024;

export interface UntakenAnswersOptions {
  readonly memory: MemoryShare;
  /** Milliseconds for which a connection may take none of its answers; then it is closed. */
  readonly deadlineMs: number;
}

const countedBy = new WeakMap<Socket, UntakenAnswers>();

/**
 * What clients hold who send requests and do not take the answers: requests that wait behind others on their connection,
 * and answers that are more than a few lines. It is counted for each connection; where there is no room, the one that holds
 * most is closed.
 */
export class UntakenAnswers {
  readonly #options: UntakenAnswersOptions;
  readonly #connections = new WeakMap<Socket, ConnectionAnswers>();

  constructor(options: UntakenAnswersOptions) {
    this.#options = options;
  }

  /** From now on the answers on this connection count. */
  watch(socket: Socket): void {
    countedBy.set(socket, this);
  }

  /** To be called for each response when its request has come. Costs nothing where none is before it. */
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

/** Counts so many bytes until the response is out, or its connection gone. */
export function holdUntilTaken(response: ServerResponse, bytes: number): void {
  countedBy.get(response.req.socket)?.hold(response, bytes);
}

/** To be called once an answer of so many bytes was given: counts it where the system did not take it at once. */
export function countUntaken(response: ServerResponse, bytes: number): void {
  if (bytes <= UNCOUNTED_BYTES_MAX || response.writableLength === 0) return;
  holdUntilTaken(response, bytes);
}

/** One connection with answers that are not out. */
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
