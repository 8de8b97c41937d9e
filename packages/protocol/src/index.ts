export {
  type ControlChannel,
  controlTopic,
  livenessChannel,
  updatesChannel,
} from './channels.ts';
export {
  type AckFrame,
  type ClientFrame,
  clientFrameSchema,
  type EncodedClientFrame,
  hasBadClientId,
  type IdentifyFrame,
  parseClientFrame,
  type Resume,
  type TokenFrame,
} from './client-frames.ts';
export { CLOSE_CODES, type CloseCode, mayReconnect } from './close-codes.ts';
export { isDeviceId } from './device-id.ts';
export { type Disconnected, disconnectedSchema, disconnectQuerySchema } from './disconnect.ts';
export { decodeEnvelope, encodeTracedFrame, type Envelope } from './envelope.ts';
export {
  FRAME_ERRORS,
  type FrameErrorCode,
  HTTP_ERRORS,
  type HttpErrorCode,
  type Problem,
  problemSchema,
} from './error-codes.ts';
export {
  type FollowClaim,
  isFollowEntry,
  mayFollow,
  readFollowClaim,
  readGroupsClaim,
} from './group-claims.ts';
export {
  type FollowCause,
  followCauseSchema,
  type FollowedFrame,
  followedFrameSchema,
  type FollowFrame,
  type UnfollowCause,
  unfollowCauseSchema,
  type UnfollowedFrame,
  unfollowedFrameSchema,
  type UnfollowFrame,
} from './group-frames.ts';
export {
  type ClientGroupsPage,
  clientGroupsPageSchema,
  clientGroupsQuerySchema,
  type JoinHistory,
  joinHistorySchema,
  type JoinRequest,
  joinRequestSchema,
  type MemberBatchRequest,
  memberBatchRequestSchema,
  type MembersChanged,
  membersChangedSchema,
  type Membership,
  membershipSchema,
  type MembersPage,
  membersPageSchema,
  membersQuerySchema,
} from './group-members.ts';
export {
  encodeHistoryEntry,
  encodeHistoryFrame,
  type HistoryFrame,
  type HistoryRequestFrame,
} from './history-frames.ts';
export {
  BATCH_BODY_BYTES_MAX,
  BATCH_MESSAGES_MAX,
  CLIENT_FRAME_BYTES_MAX,
  DEVICES_PER_CLIENT_MAX,
  EPOCH_CHARACTERS_MAX,
  FOLLOWED_GROUPS_MAX,
  GROUPS_PER_CLIENT_MAX,
  HISTORY_MESSAGES_DEFAULT,
  HISTORY_MESSAGES_MAX,
  HISTORY_WAITING_MAX,
  IDENTIFY_FRAME_BYTES_MAX,
  LOG_PAGE_MESSAGES_DEFAULT,
  LOG_PAGE_MESSAGES_MAX,
  MEMBERS_PAGE_DEFAULT,
  MEMBERS_PAGE_MAX,
  MESSAGE_BODY_BYTES_MAX,
  MESSAGE_BYTES_MAX,
  RECEIPTS_PER_ANSWER_MAX,
  TOKEN_BYTES_MAX,
} from './limits.ts';
export {
  type LogEntry,
  logEntryOf,
  type LogMessage,
  type LogPage,
  logPageQuerySchema,
  logPageSchema,
} from './log-page.ts';
export type {
  DelayCounts,
  MessageAck,
  MessageSend,
  MessageWay,
  OperationsPart,
  OperationsState,
  PartCondition,
  PartOutage,
  RelayGauges,
  RelayTotals,
  RepairedGap,
  Timeline,
} from './operations-page.ts';
export {
  idempotencyKeySchema,
  publishBatchRequestSchema,
  publishBatchSchemaFor,
  type PublishedBatch,
  publishedBatchSchema,
  type PublishedMessage,
  publishedMessageSchema,
  type PublishRequest,
  publishRequestSchema,
  publishRequestSchemaFor,
  type PublishStatus,
} from './publish.ts';
export { type Receipts, receiptsSchema } from './receipts.ts';
export {
  type EncodedRelayFrame,
  encodeNewMessage,
  encodeRelayFrame,
  type ErrorFrame,
  type FollowedTarget,
  type HeartbeatFrame,
  type IdentifiedFrame,
  type NewMessageFrame,
  type PongFrame,
  type RelayFrame,
  relayFrameSchema,
  type TokenAcceptedFrame,
  type TruncatedFrame,
} from './relay-frames.ts';
export { isSameRow, type RowMark, rowMarkToKeep } from './row-mark.ts';
export {
  clientIdSchema,
  groupIdOf,
  groupNameOf,
  groupNameSchema,
  isGroupId,
  isGroupName,
  isTargetId,
  isTargetIdStart,
  targetIdFault,
} from './target-id.ts';
