import { z } from 'zod';
import { EPOCH_CHARACTERS_MAX } from './limits.ts';
import { targetIdSchema } from './target-id.ts';

/** What crosses the bus: a `new_message` frame as text, ready to forward, and what the relay needs to place it. */
export interface Envelope {
  readonly targetId: string;
  readonly epoch: string;
  readonly offset: number;
  /** The frame as it goes on the socket. */
  readonly frame: string;
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
 * Reads what came on a target's channel. `undefined` where it is no frame for that target: whoever can write to
 * the bus may have written anything, and the reader then compares with the database instead.
 */
export function decodeEnvelope(targetId: string, payload: string): Envelope | undefined {
  let value: unknown;
  try {
    value = JSON.parse(payload);
  } catch {
    return undefined;
  }
  const parsed = envelopeSchema.safeParse(value);
  if (!parsed.success || parsed.data.targetId !== targetId) return undefined;
  return { targetId, epoch: parsed.data.epoch, offset: parsed.data.offset, frame: payload };
}
