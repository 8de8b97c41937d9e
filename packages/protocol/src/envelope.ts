import { z } from 'zod';
import { EPOCH_CHARACTERS_MAX } from './limits.ts';
import { targetIdSchema } from './target-id.ts';

/** A hint on the bus: a `new_message` frame as text, ready to forward, and its parsed position. */
export interface Envelope {
  readonly targetId: string;
  readonly epoch: string;
  readonly offset: number;
  readonly id: string;
  readonly createdAt: string;
  /** The frame as it is sent on the socket. */
  readonly frame: string;
  /** The span that published it, as a `traceparent` (W3C Trace Context); left out if that was not traced. */
  readonly traceparent?: string;
}

const envelopeSchema = z.object({
  type: z.literal('new_message'),
  id: z.string(),
  targetId: targetIdSchema,
  offset: z.int().min(1),
  epoch: z.string().min(1).max(EPOCH_CHARACTERS_MAX),
  data: z.string(),
  createdAt: z.string(),
});

/**
 * A frame as `encodeNewMessage` writes it: fields in its order, ids and epochs without escapes, and a text that is
 * valid in JSON. It matches each character once, so it is linear in the length of the frame.
 */
const ENCODED_FRAME = new RegExp(
  String.raw`^\{"type":"new_message","id":"([\w.:-]*)","targetId":"([\w.~:@|+-]+)","offset":([1-9]\d{0,15}),` +
    String.raw`"epoch":"([\w-]{1,${EPOCH_CHARACTERS_MAX}})",` +
    String.raw`"data":"[^"\\\x00-\x1f]*(?:\\(?:["\\/bfnrt]|u[\da-fA-F]{4})[^"\\\x00-\x1f]*)*","createdAt":"([\w.:-]*)"\}$`,
);

/** How `encodeTracedFrame` ends a payload. Its length is fixed. */
const TRACED_END = /^,"traceparent":"(00-[\da-f]{32}-[\da-f]{16}-[\da-f]{2})"\}$/;
const TRACED_END_CHARACTERS = ',"traceparent":""}'.length + 55;

/**
 * The payload of a hint whose publish is traced: the frame with one field more. Relays of 0.1.0 and later accept it; those
 * that do not know the field forward it to clients, which ignore it.
 */
export function encodeTracedFrame(frame: string, traceparent: string): string {
  return `${frame.slice(0, -1)},"traceparent":"${traceparent}"}`;
}

/**
 * Parses a payload on a target's channel. `undefined` if it is not a frame for that target: anyone with access to the
 * bus can write anything, so the reader compares with the database instead.
 */
export function decodeEnvelope(targetId: string, payload: string): Envelope | undefined {
  const fields = ENCODED_FRAME.exec(payload);
  if (fields !== null) return readFields(fields, targetId);
  const traceparent = TRACED_END.exec(payload.slice(-TRACED_END_CHARACTERS))?.[1];
  if (traceparent === undefined) return decodeAnyEncoding(targetId, payload);
  const traced = ENCODED_FRAME.exec(`${payload.slice(0, -TRACED_END_CHARACTERS)}}`);
  if (traced === null) return decodeAnyEncoding(targetId, payload);
  const envelope = readFields(traced, targetId);
  return envelope && { ...envelope, traceparent };
}

function readFields(fields: RegExpExecArray, targetId: string): Envelope | undefined {
  const [frame, id = '', encodedTarget, digits, epoch = '', createdAt = ''] = fields;
  const offset = Number(digits);
  if (encodedTarget !== targetId || !Number.isSafeInteger(offset)) return undefined;
  return { targetId, epoch, offset, id, createdAt, frame };
}

/** Parses the same frame from another encoder: with other spaces, another order, or more fields. */
function decodeAnyEncoding(targetId: string, payload: string): Envelope | undefined {
  let value: unknown;
  try {
    value = JSON.parse(payload);
  } catch {
    return undefined;
  }
  const parsed = envelopeSchema.safeParse(value);
  if (!parsed.success || parsed.data.targetId !== targetId) return undefined;
  const { epoch, offset, id, createdAt } = parsed.data;
  return { targetId, epoch, offset, id, createdAt, frame: payload };
}
