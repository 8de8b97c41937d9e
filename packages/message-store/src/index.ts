export {
  type Ack,
  type AckPlace,
  ACKS_PER_SAVE_MAX,
  type AckStore,
  type DeviceOpening,
  DEVICES_PER_OPEN_MAX,
  type LogPosition,
  type ReceiptQuery,
  type StoredReceipt,
  type TargetReceipts,
} from './ack-store.ts';
export { answersAtStart } from './check-at-start.ts';
export {
  databaseReason,
  type DatabaseReason,
  type DatabaseReasonCode,
  describeDatabaseFault,
} from './database-reason.ts';
export {
  type Disconnect,
  type DisconnectRequest,
  DISCONNECTS_PER_READ_MAX,
  type DisconnectsReading,
  type DisconnectStore,
  isTokenRevoked,
} from './disconnect-store.ts';
export {
  contradicts,
  DOUBTED_ROWS_MAX,
  type HistoryDoubt,
  type HistoryFinding,
  type KnownRow,
} from './history.ts';
export type { LogTrimmer, RetentionRule, TrimQuery, TrimStep } from './log-trimmer.ts';
export {
  type AddedMember,
  CLIENTS_PER_MEMBERSHIPS_READ_MAX,
  type FollowedGroup,
  type Member,
  type MemberChange,
  type MemberChangesReading,
  type MemberCursor,
  MEMBER_CHANGES_PER_READ_MAX,
  MEMBERS_PER_CHANGE_MAX,
  type MembersChange,
  type MembersChanged,
  type Membership,
  type MembershipsQuery,
  type MembershipsReading,
  type MembersOutcome,
  type MembersQuery,
  type MemberStore,
  type MemberUpkeep,
} from './member-store.ts';
export {
  type AppendedMessage,
  type AppendOutcome,
  type AppendRequest,
  type EarlierLogQuery,
  type EarlierLogSlice,
  HEADS_PER_READ_MAX,
  type LogHead,
  type LogHeads,
  type LogPlace,
  type LogQuery,
  type LogSlice,
  type MessageStore,
  type NewMessage,
  ROWS_PER_READ_MAX,
  type StoreCondition,
  type StoreRisk,
  type StoreServer,
  StoreUnavailableError,
} from './message-store.ts';
export type { NewEpoch, NewEpochOptions } from './new-epoch.ts';
export type { MovedMessages, Outbox, OutboxPage, RefusedJoin, SetAsideRow } from './outbox.ts';
export { holeBefore, type LogHole } from './rules/log-hole.ts';
export {
  CURSORS_PER_READ_MAX,
  type ReaderCursor,
  type StreamStart,
  streamStart,
} from './rules/stream-start.ts';
export type { StoredMessage } from './stored-message.ts';
