import { createConnection } from 'mysql2/promise';

export interface HeldTarget {
  /** Ends the transaction, and the hold with it. */
  release(): Promise<void>;
}

/** Locks the counter row of a target that has messages, as another program's open transaction would. */
export async function holdTarget(databaseUrl: string, targetId: string): Promise<HeldTarget> {
  const connection = await createConnection(databaseUrl);
  await connection.beginTransaction();
  await connection.execute('SELECT head FROM targets WHERE target_id = ? FOR UPDATE', [targetId]);
  return {
    release: async () => {
      await connection.rollback();
      await connection.end();
    },
  };
}
