import { type FaultReason, LOST_KIND, STARTING, StartingError } from '@postline/service-runtime';
import { databaseReason } from './database-reason.ts';

/** The reason in an error of the store, as the health of a service takes it. */
export function describeDatabaseFault(error: unknown): FaultReason {
  if (error instanceof StartingError) return STARTING;
  const { code, text } = databaseReason(error);
  return { kind: code === 'connection_lost' ? LOST_KIND : code, text };
}
