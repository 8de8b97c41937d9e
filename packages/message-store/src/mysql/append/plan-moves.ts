import { groupNameOf } from '@postline/protocol';
import type { PlannedRow } from '../../rules/append-plan.ts';
import type { MemberStep } from '../../rules/member-plan.ts';
import type { OutboxRow } from './outbox-rows.ts';

/** The result of moving outbox rows. */
export interface PlannedMoves {
  /** Messages. */
  readonly rows: readonly PlannedRow[];
  /** How many messages each target gets. */
  readonly counts: ReadonlyMap<string, number>;
  /** Joins and leaves, in the order in which they were called. */
  readonly steps: readonly MemberStep[];
}

/** Assigns offsets to messages. A join begins after the messages that were published before it. */
export function planMoves(
  outboxRows: readonly OutboxRow[],
  headBefore: (targetId: string) => number,
): PlannedMoves {
  const counts = new Map<string, number>();
  const rows: PlannedRow[] = [];
  const steps: MemberStep[] = [];
  for (const row of outboxRows) {
    const { targetId } = row;
    const count = counts.get(targetId) ?? 0;
    if (row.kind === 'message') {
      const { message } = row;
      counts.set(targetId, count + 1);
      const offset = headBefore(targetId) + count + 1;
      rows.push({ publisher: '', targetId, offset, message, idempotencyKey: undefined });
    } else {
      const { kind, clientId } = row;
      steps.push({ kind, clientId, groupName: groupNameOf(targetId), from: headBefore(targetId) + count });
    }
  }
  return { rows, counts, steps };
}
