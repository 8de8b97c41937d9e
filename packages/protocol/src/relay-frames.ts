/** Frames of the relay. The relay builds them and does not parse them: the schemas describe what goes on the wire. */
import { z } from 'zod';
import { FRAME_ERROR_CODES } from './error-codes.ts';
import { followedFrameSchema, followedTargetSchema, unfollowedFrameSchema } from './group-frames.ts';
import { type HistoryFrame, historyFrameSchema } from './history-frames.ts';
import { type LogMessage, logEntrySchema } from './log-page.ts';

/** Where the stream of one target continues: the first message sent has offset `offset + 1`. */
export type FollowedTarget = Readonly<z.output<typeof followedTargetSchema>>;

const identifiedFrameSchema = z
  .object({
    type: z.literal('identified'),
    clientId: z.string(),
    connectionId: z.string().meta({ description: 'In the log of the relay at the level `debug`.' }),
    epoch: z.string().meta({ description: 'Store it with the offsets, and send it with them in `resume`.' }),
    heartbeatSeconds: z
      .int()
      .min(1)
      .meta({ description: 'If no frame arrives for twice this time, the connection is dead.' }),
    targets: z
      .record(z.string(), followedTargetSchema)
      .meta({ description: 'Each followed target, and where its stream continues.' }),
  })
  .meta({ description: 'Accepts the client. The messages of each target follow, from `offset` + 1 on.' });

export type IdentifiedFrame = Readonly<Omit<z.output<typeof identifiedFrameSchema>, 'targets'>> & {
  readonly targets: ReadonlyMap<string, FollowedTarget>;
};

const newMessageFrameSchema = z
  .object({
    type: z.literal('new_message'),
    ...logEntrySchema.pick({ id: true, targetId: true, offset: true }).shape,
    epoch: z.string().meta({ description: 'Identifies the history that the offset belongs to.' }),
    ...logEntrySchema.pick({ data: true, createdAt: true }).shape,
  })
  .meta({
    description:
      'The next message. For each connection and target, offsets increase by exactly one, without a gap or a repetition.',
  });
export type NewMessageFrame = Readonly<z.output<typeof newMessageFrameSchema>>;

const truncatedFrameSchema = z
  .object({
    type: z.literal('truncated'),
    targetId: z.string(),
    from: z.int().min(1),
    to: z.int().min(1),
    reason: z.literal('membership').exactOptional().meta({
      description:
        'Left out: the retention rule deleted them. `membership`: they were sent while the client was not a member of the group.',
    }),
  })
  .meta({
    description: 'The messages `from` to `to` are not delivered; the stream continues after `to`.',
  });
export type TruncatedFrame = Readonly<z.output<typeof truncatedFrameSchema>>;

const tokenAcceptedFrameSchema = z
  .object({
    type: z.literal('token_accepted'),
    expiresAt: z.iso.datetime().nullable().meta({
      description:
        'When the connection is closed unless another token arrives; null if no token is required.',
    }),
  })
  .meta({ description: 'Accepts the token of a `token` frame, which replaces the previous one.' });
export type TokenAcceptedFrame = Readonly<z.output<typeof tokenAcceptedFrameSchema>>;

const heartbeatFrameSchema = z
  .object({ type: z.literal('heartbeat') })
  .meta({ description: 'Sent every `heartbeatSeconds`, because a page cannot see pings of the WebSocket.' });
export type HeartbeatFrame = Readonly<z.output<typeof heartbeatFrameSchema>>;

const pongFrameSchema = z.object({ type: z.literal('pong') }).meta({ description: 'Answers a `ping`.' });
export type PongFrame = Readonly<z.output<typeof pongFrameSchema>>;

const errorFrameSchema = z
  .object({
    type: z.literal('error'),
    code: z.enum(FRAME_ERROR_CODES),
    message: z.string().meta({ description: 'For people; it may change.' }),
    targetId: z.string().exactOptional().meta({ description: 'With an error about one target.' }),
    requestId: z
      .string()
      .exactOptional()
      .meta({ description: "With an error about one request: the request's own." }),
  })
  .meta({
    description:
      'With `targetId` or `requestId` the error is about that target or request, and the connection stays open. Otherwise the relay usually closes the connection next; the close code says what to do.',
  });
export type ErrorFrame = Readonly<z.output<typeof errorFrameSchema>>;

/** Everything that the relay may send, as it is on the wire. */
export const relayFrameSchema = z.discriminatedUnion('type', [
  identifiedFrameSchema,
  newMessageFrameSchema,
  truncatedFrameSchema,
  followedFrameSchema,
  unfollowedFrameSchema,
  historyFrameSchema,
  tokenAcceptedFrameSchema,
  heartbeatFrameSchema,
  pongFrameSchema,
  errorFrameSchema,
]);

/** A frame as it is on the wire: `targets` of `identified` is an object. */
export type EncodedRelayFrame = Readonly<z.output<typeof relayFrameSchema>>;

/** Everything that the relay may send. */
export type RelayFrame =
  | Exclude<EncodedRelayFrame, { type: 'identified' | 'history' }>
  | IdentifiedFrame
  | HistoryFrame;

/** Encodes a frame for the socket. `encodeNewMessage` encodes messages, and `encodeHistoryFrame` earlier ones. */
export function encodeRelayFrame(frame: Exclude<RelayFrame, NewMessageFrame | HistoryFrame>): string {
  if (frame.type !== 'identified') return JSON.stringify(frame);
  return JSON.stringify({ ...frame, targets: Object.fromEntries(frame.targets) });
}

/**
 * Encodes a `new_message` frame, its fields always in this order. Ids, epochs and times hold no character that JSON
 * escapes, so only the text goes through the JSON encoder.
 */
export function encodeNewMessage(stored: LogMessage, epoch: string): string {
  return (
    `{"type":"new_message","id":"${stored.id}","targetId":"${stored.targetId}","offset":${stored.offset},` +
    `"epoch":"${epoch}","data":${JSON.stringify(stored.message)},"createdAt":"${stored.createdAt}"}`
  );
}
