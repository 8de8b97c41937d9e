import { createConnection } from 'mysql2/promise';
import type { Mend } from './fault-kind.ts';

/** Holds a target's counter, like another program's open transaction. The database may die in the meantime. */
export async function holdCounter(databaseUrl: string, targetId: string): Promise<Mend> {
  const connection = await createConnection(databaseUrl);
  connection.on('error', () => undefined); // if the server is gone, so is its lock
  await connection.query('SET innodb_lock_wait_timeout = 5');
  await connection.beginTransaction();
  await connection.execute('SELECT head FROM targets WHERE target_id = ? FOR UPDATE', [targetId]);
  return () => connection.destroy();
}
