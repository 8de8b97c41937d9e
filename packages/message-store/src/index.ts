export * from './ack-store.ts';
export { describeDatabaseFault } from './database-fault.ts';
export { databaseReason, type DatabaseReason, type DatabaseReasonCode } from './database-reason.ts';
export * from './disconnect-store.ts';
export {
  contradicts,
  DOUBTED_ROWS_MAX,
  type HistoryDoubt,
  type HistoryFinding,
  type KnownRow,
} from './history.ts';
export * from './log-trimmer.ts';
export {
  type AddedMember,
  CLIENTS_PER_MEMBERSHIPS_READ_MAX,
  DEPARTURES_KEPT_SECONDS,
  DEPARTURES_PER_STEP_MAX,
  type FollowedGroup,
  type JoinHistory,
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
export * from './message-store.ts';
export type { NewEpoch, NewEpochOptions } from './new-epoch.ts';
export * from './outbox.ts';
export * from './rules/stream-start.ts';
export type { StoredMessage } from './stored-message.ts';
