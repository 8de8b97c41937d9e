import type { Connection } from 'mysql2/promise';
import type { MemberStore } from '../../../src/member-store.ts';
import type { Outbox } from '../../../src/outbox.ts';
import { rowsOf } from './migrated-database.ts';

export const joinBySql = (connection: Connection, group: string | null, client: string | null) =>
  connection.execute('CALL join_group(?, ?)', [group, client]);
export const leaveBySql = (connection: Connection, group: string | null, client: string | null) =>
  connection.execute('CALL leave_group(?, ?)', [group, client]);
export const publishBySql = (connection: Connection, group: string, message: string) =>
  connection.execute('CALL publish_message(?, ?)', [`group:${group}`, message]);

/** Looks through the whole outbox once. */
export async function moveAll(outbox: Outbox): Promise<void> {
  for (let after: string | undefined = ''; after !== undefined; ) {
    after = (await outbox.movePage(after)).nextAfter;
  }
}

/** Each member with its F, by id. */
export async function membersOf(store: MemberStore, groupName: string): Promise<string[]> {
  const members = await store.readMembers({ groupName, afterClientId: '', limit: 1_000 });
  return members.map(({ clientId, from }) => `${clientId}@${from}`);
}

export async function waitingCount(connection: Connection): Promise<number> {
  const [row] = await rowsOf(connection, 'SELECT COUNT(*) AS n FROM outbox');
  return Number(row?.['n']);
}
