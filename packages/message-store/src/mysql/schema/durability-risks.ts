import type { StoreRisk } from '../../message-store.ts';
import type { Session } from '../sessions/session.ts';

interface DurabilityRow {
  readonly flush_at_commit: number;
  readonly has_binlog: number;
  readonly sync_binlog: number;
}

const DURABILITY_STATEMENT =
  'SELECT @@GLOBAL.innodb_flush_log_at_trx_commit AS flush_at_commit, @@GLOBAL.log_bin AS has_binlog, @@GLOBAL.sync_binlog AS sync_binlog';

/**
 * Settings of the server with which an answered COMMIT may not be on its disk yet. They are asked anew each time: an
 * operator can change them while the server runs.
 */
export async function readDurabilityRisks(session: Session): Promise<readonly StoreRisk[]> {
  const [row] = await session.select<DurabilityRow>(DURABILITY_STATEMENT, []);
  if (row === undefined) return [];
  const risks: StoreRisk[] = [];
  if (row.flush_at_commit !== 1) {
    risks.push({
      key: 'innodb_flush_log_at_trx_commit',
      text: `The database's innodb_flush_log_at_trx_commit is ${row.flush_at_commit}: a crash of its machine may lose acknowledged messages. Set it to 1.`,
    });
  }
  if (row.has_binlog === 1 && row.sync_binlog !== 1) {
    risks.push({
      key: 'sync_binlog',
      text: `The database's sync_binlog is ${row.sync_binlog}: a crash of its machine may lose acknowledged messages. Set it to 1.`,
    });
  }
  return risks;
}
