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
export * from './message-store.ts';
export type { NewEpoch, NewEpochOptions } from './new-epoch.ts';
export * from './outbox.ts';
export * from './stream-start.ts';
