/** A minimal kept-alive HTTP/1.1 client that sends one request at a time. */
import { createConnection, type Socket } from 'node:net';
import { READ_BUFFER } from './read-buffer.ts';

const HEAD_END = '\r\n\r\n';
/** `HTTP/1.1 201` has its status here. */
const STATUS_START = 9;
const STATUS_END = 12;
const CONTENT_LENGTH = /\r\ncontent-length: *(\d+)/i;

/** Status 0 if the connection ended before the answer. */
export type OnAnswer = (status: number, body: string) => void;

export class HttpConnection {
  readonly #socket: Socket;
  readonly #headStart: string;
  readonly #host: string;
  #received = '';
  #onAnswer: OnAnswer | undefined;

  private constructor(socket: Socket, { host, pathname }: URL) {
    this.#socket = socket;
    this.#host = host;
    this.#headStart = `POST ${pathname} HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\nContent-Length: `;
  }

  /** Connects to the server of this URL; requests go to its path. */
  static open(url: string): Promise<HttpConnection> {
    const target = new URL(url);
    return new Promise((resolve, reject) => {
      const socket = createConnection({
        host: target.hostname,
        port: Number(target.port),
        noDelay: true,
        onread: {
          buffer: READ_BUFFER,
          callback: (count) => {
            connection.#onBytes(READ_BUFFER.toString('latin1', 0, count));
            return true;
          },
        },
      });
      const connection = new HttpConnection(socket, target);
      socket.once('connect', () => {
        resolve(connection);
      });
      socket.on('error', reject);
      socket.on('close', () => {
        connection.#answer(0, 'the connection was closed before the answer');
      });
    });
  }

  /** Sends a request with an ASCII body; the body of the answer must be ASCII too. */
  post(asciiBody: string, onAnswer: OnAnswer): void {
    if (this.#onAnswer !== undefined) throw new Error('the answer to the previous request has not come');
    if (this.#socket.destroyed) {
      onAnswer(0, 'the server had closed the connection');
      return;
    }
    this.#onAnswer = onAnswer;
    this.#socket.write(`${this.#headStart}${asciiBody.length}${HEAD_END}${asciiBody}`, 'latin1');
  }

  /** Requests another path of the same server. */
  get(path: string, onAnswer: OnAnswer): void {
    if (this.#onAnswer !== undefined) throw new Error('the answer to the previous request has not come');
    if (this.isClosed) {
      onAnswer(0, 'the server had closed the connection');
      return;
    }
    this.#onAnswer = onAnswer;
    this.#socket.write(`GET ${path} HTTP/1.1\r\nHost: ${this.#host}${HEAD_END}`, 'latin1');
  }

  get isClosed(): boolean {
    return this.#socket.destroyed;
  }

  /** Whether a request has no answer yet. */
  get isWaiting(): boolean {
    return this.#onAnswer !== undefined;
  }

  /** Bytes on the connection until now, in both directions. */
  get bytes(): number {
    return this.#socket.bytesRead + this.#socket.bytesWritten;
  }

  close(): void {
    this.#socket.destroy();
  }

  #onBytes(text: string): void {
    this.#received = this.#received === '' ? text : this.#received + text;
    const headEnd = this.#received.indexOf(HEAD_END);
    if (headEnd < 0) return;
    const length = CONTENT_LENGTH.exec(this.#received.slice(0, headEnd))?.[1];
    if (length === undefined) {
      this.#socket.destroy(new Error('an answer without Content-Length'));
      return;
    }
    const bodyStart = headEnd + HEAD_END.length;
    const bodyEnd = bodyStart + Number(length);
    if (this.#received.length < bodyEnd) return;
    const status = Number(this.#received.slice(STATUS_START, STATUS_END));
    const body = this.#received.slice(bodyStart, bodyEnd);
    this.#received = this.#received.slice(bodyEnd);
    this.#answer(status, body);
  }

  #answer(status: number, body: string): void {
    const onAnswer = this.#onAnswer;
    this.#onAnswer = undefined;
    onAnswer?.(status, body);
  }
}
