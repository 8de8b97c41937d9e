import type { IncomingMessage } from 'node:http';
import type { Parsed, Refusal } from './problem.ts';

/** How many bytes all bodies that are being received may take together. */
export interface BodyBudget {
  readonly bytesMax: number;
  /** What they take now. */
  bytes: number;
}

export interface BodyLimits {
  readonly bytesMax: number;
  readonly budget: BodyBudget;
}

const CUT_OFF: Refusal = { code: 'malformed_json', detail: 'The body was cut off.' };
const TOO_MANY_BODIES: Refusal = {
  code: 'overloaded',
  detail: 'Too many bodies are being received at once. Nothing was stored.',
};

/**
 * Receives a request's body, at most `bytesMax` bytes of it, and reads it. What is too large is not kept, but let through to its
 * end, so that the client reads the answer instead of a connection that was reset under its hands.
 */
export function receiveBody<T>(
  request: IncomingMessage,
  limits: BodyLimits,
  read: (body: Buffer) => Parsed<T>,
): Promise<Parsed<T>> {
  const { bytesMax, budget } = limits;
  const tooLarge: Refusal = {
    code: 'payload_too_large',
    detail: `The body may have at most ${bytesMax} bytes.`,
  };
  if (Number(request.headers['content-length'] ?? 0) > bytesMax) {
    return Promise.resolve({ ok: false, refusal: tooLarge });
  }
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    let isOver = false;
    const finish = (result: Parsed<T>) => {
      if (isOver) return;
      isOver = true;
      budget.bytes -= bytes;
      resolve(result);
    };
    const onData = (chunk: Buffer) => {
      if (isOver) return;
      bytes += chunk.length;
      budget.bytes += chunk.length;
      chunks.push(chunk);
      const refusal =
        bytes > bytesMax ? tooLarge : budget.bytes > budget.bytesMax ? TOO_MANY_BODIES : undefined;
      if (refusal === undefined) return;
      finish({ ok: false, refusal });
      request.resume();
    };
    const onEnd = () => {
      if (!isOver) finish(read(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks, bytes)));
    };
    const onClose = () => {
      finish({ ok: false, refusal: CUT_OFF });
    };
    request.on('data', onData).on('end', onEnd).on('close', onClose);
    request.on('error', () => undefined); // a cut-off body is an error event too; `close` follows and tells it
  });
}
