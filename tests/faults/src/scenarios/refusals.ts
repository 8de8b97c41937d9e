import type { Run } from './run.ts';

/** So far in a run. */
export interface Refusals {
  /** Attempts to publish without a 2xx: refused, cut off, or not answered in time. */
  readonly attempts: number;
  /** Connections of clients that were refused, or broke without a close frame. */
  readonly connections: number;
}

export function countRefusals({ sends, readers }: Run): Refusals {
  const connections = readers.reduce((sum, { brokenCount }) => sum + brokenCount, 0);
  return { attempts: sends.errored, connections };
}

/** What was refused since `before` is a finding. */
export function noteRefusals(run: Run, before: Refusals, during: string): void {
  const { attempts, connections } = countRefusals(run);
  const { findings } = run.ledger;
  findings.add('refused', `attempts to publish that failed ${during}`, attempts - before.attempts);
  findings.add(
    'refused',
    `connections that broke or were refused ${during}`,
    connections - before.connections,
  );
}
