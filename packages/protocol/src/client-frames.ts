import { z } from 'zod';
import { deviceIdSchema } from './device-id.ts';
import { followFrameSchema, identifyGroupsSchema, unfollowFrameSchema } from './group-frames.ts';
import { historyRequestFrameSchema } from './history-frames.ts';
import { EPOCH_CHARACTERS_MAX, RESUME_LAST_MAX, RESUME_OFFSETS_MAX, TOKEN_BYTES_MAX } from './limits.ts';
import { rowMarkSchema } from './row-mark.ts';
import { isTargetId, targetIdSchema } from './target-id.ts';

const offsetSchema = z.int().min(0);

const offsetsSchema = z
  .record(z.string(), offsetSchema)
  .refine((offsets) => Object.keys(offsets).length <= RESUME_OFFSETS_MAX, {
    error: `must hold at most ${RESUME_OFFSETS_MAX} targets`,
  })
  .refine((offsets) => Object.keys(offsets).every(isTargetId), { error: 'has a key that is no target id' })
  .transform((offsets) => new Map(Object.entries(offsets)));

/** The rows at those offsets, as far as the reader still knows them. */
const marksSchema = z
  .record(z.string(), rowMarkSchema)
  .refine((marks) => Object.keys(marks).length <= RESUME_OFFSETS_MAX, {
    error: `must hold at most ${RESUME_OFFSETS_MAX} targets`,
  })
  .transform((marks) => new Map(Object.entries(marks)));

/** Where a reader stopped: the last processed offset of each target, and the epoch of the offsets. */
const resumeSchema = z.object({
  epoch: z
    .string()
    .max(EPOCH_CHARACTERS_MAX)
    .meta({ description: 'The epoch of the offsets, as the relay sent it.' }),
  offsets: offsetsSchema.meta({ description: 'The last processed offset of each target.' }),
  at: marksSchema.optional().meta({
    description:
      'The messages at those offsets, as far as they are known: the relay notices if others are in their place.',
  }),
});
export type Resume = z.output<typeof resumeSchema>;

/** For a reader without a memory of its own: continue after the last ack of its device. */
const lastAckSchema = z.literal('last-ack');

/** Everything that is kept. */
const startSchema = z.literal('start');

/** The last messages of each target. */
const lastSchema = z.object({ last: z.int().min(1).max(RESUME_LAST_MAX) });

const tokenSchema = z.string().max(TOKEN_BYTES_MAX);

const identifyFrameSchema = z
  .object({
    type: z.literal('identify'),
    clientId: targetIdSchema,
    token: tokenSchema
      .optional()
      .meta({ description: 'A JWT whose `sub` is the client id; required with `AUTH=required`.' }),
    deviceId: deviceIdSchema
      .optional()
      .meta({ description: 'The acks of each device of the client are stored separately.' }),
    resume: z.union([resumeSchema, lastAckSchema, startSchema, lastSchema]).optional().meta({
      description:
        'Where the streams continue: after a cursor, after the last ack of the device, at the oldest stored message, or with the last messages. Left out: with the next message.',
    }),
    groups: identifyGroupsSchema,
  })
  .refine(({ resume, deviceId }) => resume !== 'last-ack' || deviceId !== undefined, {
    error: 'needs a deviceId to resume from its last ack',
  })
  .meta({ description: 'The first frame, within `IDENTIFY_TIMEOUT_MS` (10 s).' });
export type IdentifyFrame = z.output<typeof identifyFrameSchema>;

const ackFrameSchema = z
  .object({
    type: z.literal('ack'),
    targetId: targetIdSchema
      .optional()
      .meta({ description: "A target that the connection follows; left out: the client's own." }),
    offset: offsetSchema.meta({ description: 'The last offset that was processed.' }),
  })
  .meta({ description: 'Everything up to the offset has been processed. A lower one is ignored.' });
export type AckFrame = z.output<typeof ackFrameSchema>;

const tokenFrameSchema = z
  .object({ type: z.literal('token'), token: tokenSchema })
  .meta({ description: 'A fresh token, before the previous one expires.' });
export type TokenFrame = z.output<typeof tokenFrameSchema>;

const pingFrameSchema = z
  .object({ type: z.literal('ping') })
  .meta({ description: 'Checks whether the relay answers.' });

/** Everything that a client may send. */
export const clientFrameSchema = z.discriminatedUnion('type', [
  identifyFrameSchema,
  ackFrameSchema,
  tokenFrameSchema,
  pingFrameSchema,
  followFrameSchema,
  unfollowFrameSchema,
  historyRequestFrameSchema,
]);
export type ClientFrame = z.output<typeof clientFrameSchema>;

/** A frame as a client writes it, before it is parsed. */
export type EncodedClientFrame = z.input<typeof clientFrameSchema>;

/** Parses one text frame from a client; `undefined` if it is not a known frame (close code 4500). */
export function parseClientFrame(text: string): ClientFrame | undefined {
  const value = parseJson(text);
  const parsed = clientFrameSchema.safeParse(value);
  return parsed.success ? parsed.data : undefined;
}

const withBadClientIdSchema = z
  .looseObject({ type: z.literal('identify') })
  .refine((frame) => !targetIdSchema.safeParse(frame['clientId']).success);

/** Whether an invalid frame is an `identify` with an invalid client id, which gets its own error. */
export function hasBadClientId(text: string): boolean {
  return withBadClientIdSchema.safeParse(parseJson(text)).success;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
