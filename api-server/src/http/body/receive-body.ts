import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Holding, MemoryShare } from '@postline/service-runtime';
import { BodyBuffer } from './body-buffer.ts';

import type { Parsed, Refusal } from '../answers/problem.ts';

export interface BodyLimits {
  readonly bytesMax: number;
  /** The memory for all bodies together, from their first byte until they are stored. */
  readonly memory: MemoryShare;
}

/** The value parsed from a body, or why the body was refused. */
export type ReceivedBody<T> =
  | {
      readonly ok: true;
      readonly value: T;
      /** Close it when the value is no longer needed; undefined if the body is too small to be counted. */
      readonly holding: Holding | undefined;
    }
  | { readonly ok: false; readonly refusal: Refusal };

export interface BodyReader<T> {
  /** Estimates the memory for parsing; not called for small bodies. */
  readonly costOf: (body: Buffer) => ReadingCost;
  readonly read: (body: Buffer) => Parsed<T>;
}

interface ReadingCost {
  /** Bytes needed while parsing: no two bodies are parsed at the same moment. */
  readonly parsingBytes: number;
  /** Bytes of the parsed value at most. */
  readonly textBytes: number;
}

/** A body of one chunk, up to this size, costs less than its connection, and connections are bounded: it is not counted. */
const UNCOUNTED_BYTES_MAX = 4 * 1024;
/** Parsing a smaller body takes 2 MB at most, whatever it contains. */
const SMALL_BYTES_MAX = 64 * 1024;
const SMALL_TEXT_FACTOR = 2;

const CUT_OFF: Refusal = { code: 'malformed_json', detail: 'The body is incomplete.' };
const TOO_MANY_BODIES: Refusal = {
  code: 'overloaded',
  detail: 'Too many request bodies are being received. Nothing was stored.',
};
const TOO_MANY_VALUES: Refusal = {
  code: 'payload_too_large',
  detail: 'The body contains more values than this service can parse.',
};

/** Clients that sent `Expect: 100-continue` and wait for the answer before they send the body. */
const awaitingContinue = new WeakMap<IncomingMessage, ServerResponse>();

/** Remembers a client that sent `Expect: 100-continue`. It gets its 100 only if the body is wanted. */
export function holdContinue(request: IncomingMessage, response: ServerResponse): void {
  awaitingContinue.set(request, response);
}

function sendContinue(request: IncomingMessage): void {
  if (request.headers.expect === undefined) return;
  awaitingContinue.get(request)?.writeContinue();
  awaitingContinue.delete(request);
}

/**
 * Receives the body of a request, up to `bytesMax` bytes, and parses it. Each chunk is counted by the memory that it
 * takes before it is kept. The body is refused if no memory is left for it, or if a smaller body needs that memory.
 */
export function receiveBody<T>(
  request: IncomingMessage,
  { bytesMax, memory }: BodyLimits,
  reader: BodyReader<T>,
): Promise<ReceivedBody<T>> {
  const tooLarge: Refusal = {
    code: 'payload_too_large',
    detail: `The body must not exceed ${bytesMax} bytes.`,
  };
  const declaredBytes = Number(request.headers['content-length'] ?? 0);
  if (declaredBytes > bytesMax) return Promise.resolve({ ok: false, refusal: tooLarge });
  sendContinue(request);
  return new Promise((resolve) => {
    let whole: Buffer | undefined;
    let holding: Holding | undefined;
    let body: BodyBuffer | undefined;
    let isOver = false;
    const finish = (result: ReceivedBody<T>) => {
      isOver = true;
      whole = undefined;
      body = undefined;
      if (!result.ok) holding?.close();
      resolve(result);
    };
    const refuse = (refusal: Refusal) => {
      if (isOver) return;
      finish({ ok: false, refusal });
      request.resume();
    };
    const beginKeeping = () => {
      holding = memory.open({
        onGiveWay: () => {
          refuse(TOO_MANY_BODIES);
        },
      });
      return new BodyBuffer({ holding, bytesMax: declaredBytes > 0 ? declaredBytes : bytesMax });
    };
    const onData = (chunk: Buffer) => {
      if (isOver) return;
      if (body === undefined && chunk.length === declaredBytes && chunk.length <= UNCOUNTED_BYTES_MAX) {
        whole = chunk;
        return;
      }
      body ??= beginKeeping();
      if (body.length + chunk.length > bytesMax) refuse(tooLarge);
      else if (!body.add(chunk)) refuse(TOO_MANY_BODIES);
    };
    const onEnd = () => {
      if (isOver) return;
      if (body === undefined || holding === undefined) finish(readUncounted(whole, reader));
      else finish(readCounted({ body, holding, memory }, reader));
    };
    const onClose = () => {
      refuse(CUT_OFF);
    };
    request.on('data', onData).on('end', onEnd).on('close', onClose);
    request.on('error', () => undefined); // an incomplete body also emits `error`; `close` follows and handles it
  });
}

function readUncounted<T>(body: Buffer | undefined, { read }: BodyReader<T>): ReceivedBody<T> {
  const parsed = read(body ?? Buffer.alloc(0));
  return parsed.ok ? { ok: true, value: parsed.value, holding: undefined } : parsed;
}

interface CountedBody {
  readonly body: BodyBuffer;
  readonly holding: Holding;
  readonly memory: MemoryShare;
}

/** Parses a body if memory is left for its value. From then on only the value is counted. */
function readCounted<T>(
  { body, holding, memory }: CountedBody,
  { costOf, read }: BodyReader<T>,
): ReceivedBody<T> {
  const { length } = body;
  if (!holding.grow(body.joiningBytes)) return { ok: false, refusal: TOO_MANY_BODIES };
  const bytes = body.take();
  const { parsingBytes, textBytes } =
    length > SMALL_BYTES_MAX ? costOf(bytes) : { parsingBytes: 0, textBytes: length * SMALL_TEXT_FACTOR };
  if (parsingBytes > memory.workBytesMax) return { ok: false, refusal: TOO_MANY_VALUES };
  const parsed = read(bytes);
  if (!parsed.ok) return parsed;
  const hasRoom = holding.bytes >= textBytes || holding.grow(textBytes - holding.bytes);
  if (!hasRoom) return { ok: false, refusal: TOO_MANY_BODIES };
  holding.shrink(holding.bytes - textBytes);
  return { ok: true, value: parsed.value, holding };
}
