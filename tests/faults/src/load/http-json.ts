import { Agent, request } from 'node:http';

/** The most sockets to one address; further requests wait. Our loads never have more requests at once. */
const SOCKETS_MAX = 256;

const agent = new Agent({ keepAlive: true, maxSockets: SOCKETS_MAX });

export interface JsonRequest {
  /** POST if omitted. */
  readonly method?: 'PUT' | 'DELETE';
  readonly url: string;
  readonly body?: unknown;
  readonly idempotencyKey?: string | undefined;
  readonly timeoutMs: number;
}

export interface JsonAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  /** The API answered that it had stored this message before. */
  readonly isReplay: boolean;
}

/** Sends one request. Rejects if no complete answer arrived in time: then its outcome is unknown. */
export function requestJson(options: JsonRequest): Promise<JsonAnswer> {
  const { method = 'POST', url, body = {}, idempotencyKey, timeoutMs } = options;
  const text = JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const call = request(url, {
      method,
      agent,
      headers: {
        'Content-Type': 'application/json',
        'Content-Length': Buffer.byteLength(text),
        ...(idempotencyKey === undefined ? {} : { 'Idempotency-Key': idempotencyKey }),
      },
    });
    const timer = setTimeout(() => call.destroy(new Error(`no answer in ${timeoutMs} ms`)), timeoutMs);
    call.once('close', () => clearTimeout(timer));
    call.once('error', reject);
    call.once('response', (response) => {
      const pieces: Buffer[] = [];
      response.on('data', (piece: Buffer) => pieces.push(piece));
      response.once('error', reject);
      response.once('close', () => {
        if (!response.complete) return reject(new Error('the answer was cut off'));
        resolve({
          status: response.statusCode ?? 0,
          body: parseObject(Buffer.concat(pieces).toString('utf8')),
          isReplay: response.headers['idempotent-replayed'] === 'true',
        });
      });
    });
    call.end(text);
  });
}

/** Parses an answer; a balancer's own answers are HTML. */
function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = text === '' ? {} : JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return { unreadable: text };
  }
}
