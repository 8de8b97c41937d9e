import type { IncomingMessage } from 'node:http';
import type { Holding, MemoryShare } from '@postline/service-runtime';
import { BodyBuffer } from './body-buffer.ts';
import { sendContinue } from './expect-continue.ts';
import type { Parsed, Refusal } from '../answers/problem.ts';

export interface BodyLimits {
  readonly bytesMax: number;
  /** What all bodies together may take, from their first byte until they are stored. */
  readonly memory: MemoryShare;
}

/** What was read out of a body. */
export type ReceivedBody<T> =
  | {
      readonly ok: true;
      readonly value: T;
      /** To be closed once the value is no longer needed; left out where it is too small to be counted by itself. */
      readonly holding: Holding | undefined;
    }
  | { readonly ok: false; readonly refusal: Refusal };

export interface BodyReader<T> {
  /** What reading it takes; not asked for small ones. */
  readonly costOf: (body: Buffer) => ReadingCost;
  readonly read: (body: Buffer) => Parsed<T>;
}

interface ReadingCost {
  /** Bytes that are made for the moment: no two bodies are read at the same moment. */
  readonly parsingBytes: number;
  /** Bytes of what is kept of it at most. */
  readonly textBytes: number;
}

/**
 * A body that came whole and is no larger costs less than its connection, and connections are bounded in number: it is
 * not counted by itself.
 */
const UNCOUNTED_BYTES_MAX = 4 * 1024;
/** Reading a smaller one takes 2 MB for the moment, whatever is in it. */
const SMALL_BYTES_MAX = 64 * 1024;
const SMALL_TEXT_FACTOR = 2;

const CUT_OFF: Refusal = { code: 'malformed_json', detail: 'The body was cut off.' };
const TOO_MANY_BODIES: Refusal = {
  code: 'overloaded',
  detail: 'Too many bodies are being received at once. Nothing was stored.',
};
const TOO_MANY_VALUES: Refusal = {
  code: 'payload_too_large',
  detail: 'The body holds more values than this service can read at once.',
};

/**
 * Receives a request's body, at most `bytesMax` bytes of it, and reads it. What is received is counted by what it takes in
 * memory, before it is kept; where there is no room for it, or a smaller one needs the room, it is refused.
 */
export function receiveBody<T>(
  request: IncomingMessage,
  { bytesMax, memory }: BodyLimits,
  reader: BodyReader<T>,
): Promise<ReceivedBody<T>> {
  const tooLarge: Refusal = {
    code: 'payload_too_large',
    detail: `The body may have at most ${bytesMax} bytes.`,
  };
  const lengthTold = Number(request.headers['content-length'] ?? 0);
  if (lengthTold > bytesMax) return Promise.resolve({ ok: false, refusal: tooLarge });
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
      return new BodyBuffer({ holding, bytesMax: lengthTold > 0 ? lengthTold : bytesMax });
    };
    const onData = (chunk: Buffer) => {
      if (isOver) return;
      if (body === undefined && chunk.length === lengthTold && chunk.length <= UNCOUNTED_BYTES_MAX) {
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
    request.on('error', () => undefined); // a cut-off body is an error event too; `close` follows and tells it
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

/** Reads a body if there is room for what is made of it; from then on only what is kept of it counts. */
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
  const isRoom = holding.bytes >= textBytes || holding.grow(textBytes - holding.bytes);
  if (!isRoom) return { ok: false, refusal: TOO_MANY_BODIES };
  holding.shrink(holding.bytes - textBytes);
  return { ok: true, value: parsed.value, holding };
}
