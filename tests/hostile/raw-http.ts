import { connect, type Socket } from 'node:net';

/** Every request here is answered at once. If it takes longer than this, something hangs. */
const ANSWER_MS = 30_000;

/** A request as bytes, which gets exactly one answer. */
export interface RawRequest {
  readonly bytes: Buffer;
  /** True if the answer has no body. */
  readonly isHead?: boolean;
}

export interface RawAnswer {
  readonly status: number;
  /** Status line and headers as received. */
  readonly head: string;
  readonly body: string;
}

/**
 * Writes HTTP by hand: requests that no client library would send, many of them on one connection, with answers read as
 * they arrive.
 */
export class RawHttpConnection {
  readonly #port: number;
  #socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  #isClosed = false;
  #onChange: () => void = () => undefined;

  constructor(port: number) {
    this.#port = port;
    this.#socket = this.#open();
  }

  /** Sends all requests at once and reads the answers in order. If the connection ends, it continues on a new one. */
  async exchange(requests: readonly RawRequest[]): Promise<RawAnswer[]> {
    const answers: RawAnswer[] = [];
    while (answers.length < requests.length) {
      if (this.#isClosed) this.#socket = this.#open();
      const waiting = requests.slice(answers.length);
      const before = answers.length;
      this.#socket.write(Buffer.concat(waiting.map(({ bytes }) => bytes)));
      await this.#until(() => {
        this.#readAnswers(requests, answers);
        return answers.length === requests.length || this.#isClosed;
      });
      if (answers.length === before && requests.length > before) {
        throw new Error(`hung up without an answer:\n${String(waiting[0]?.bytes).slice(0, 400)}`);
      }
    }
    return answers;
  }

  close(): void {
    this.#socket.destroy();
  }

  /** Checks again whenever data arrives. */
  #until(isDone: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new Error(`no answer within ${ANSWER_MS} ms`));
      }, ANSWER_MS);
      this.#onChange = () => {
        try {
          if (!isDone()) return;
          resolve();
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
        clearTimeout(timer);
        this.#onChange = () => undefined;
      };
      this.#onChange();
    });
  }

  #readAnswers(requests: readonly RawRequest[], answers: RawAnswer[]): void {
    while (answers.length < requests.length) {
      const taken = takeAnswer(this.#received, requests[answers.length]?.isHead ?? false);
      if (taken === undefined) return;
      this.#received = this.#received.subarray(taken.bytes);
      if (taken.answer.status >= 200) answers.push(taken.answer);
    }
  }

  #open(): Socket {
    this.#received = Buffer.alloc(0);
    this.#isClosed = false;
    const socket = connect({ host: '127.0.0.1', port: this.#port });
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    socket.on('data', (data: Buffer) => {
      if (socket !== this.#socket) return;
      this.#received = Buffer.concat([this.#received, data]);
      this.#onChange();
    });
    socket.once('close', () => {
      if (socket !== this.#socket) return;
      this.#isClosed = true;
      this.#onChange();
    });
    return socket;
  }
}

/** Sends arbitrary bytes, ends its side, and reads until the server has closed the connection. */
export async function sendAndHangUp(port: number, bytes: Buffer): Promise<Buffer> {
  const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true });
  const pieces: Buffer[] = [];
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new Error(`the connection stays open:\n${bytes.toString('latin1').slice(0, 400)}`));
    }, ANSWER_MS);
    socket.on('error', () => undefined);
    socket.on('data', (data: Buffer) => pieces.push(data));
    socket.once('end', () => socket.destroy());
    socket.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
    socket.end(bytes);
  });
  return Buffer.concat(pieces);
}

/** All HTTP answers in the received bytes. */
export function readAnswers(received: Buffer): RawAnswer[] {
  const answers: RawAnswer[] = [];
  for (let rest = received; ; ) {
    const taken = takeAnswer(rest, false);
    if (taken === undefined) return answers;
    answers.push(taken.answer);
    rest = rest.subarray(taken.bytes);
  }
}

/** Node itself answers bytes that are no valid request, in chunked form: one empty chunk. */
const EMPTY_CHUNKS = '0\r\n\r\n';

/** Removes the first complete answer from the received bytes. Postline's answers always state their length. */
function takeAnswer(received: Buffer, isHead: boolean): { answer: RawAnswer; bytes: number } | undefined {
  const end = received.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const head = received.toString('latin1', 0, end);
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1]);
  if (Number.isNaN(status)) throw new Error(`not an HTTP answer: ${received.toString('latin1', 0, 500)}`);
  const isChunked = /^transfer-encoding: chunked/im.test(head);
  const told = isChunked ? EMPTY_CHUNKS.length : Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
  const length = isHead ? 0 : told;
  const start = end + 4;
  if (received.length < start + length) return undefined;
  const body = received.toString('utf8', start, start + length);
  if (isChunked && !isHead && body !== EMPTY_CHUNKS) throw new Error(`an answer in chunks: ${head}`);
  return { answer: { status, head, body }, bytes: start + length };
}
