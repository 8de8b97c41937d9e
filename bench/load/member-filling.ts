import { HttpConnection } from './http-connection.ts';
import type { SystemUnderLoad } from './load-job.ts';

/** The largest batch that the API takes. */
const BATCH_MEMBERS = 1_000;
const GROUP_PREFIX = 'group:';

export function memberId(index: number): string {
  return `member-${index}`;
}

export function memberIds(count: number): string[] {
  return Array.from({ length: count }, (_, index) => memberId(index));
}

/** Makes clients members of a group, in one batch after the other. Rejects if one is refused. */
export async function storeMembers(
  { apiUrl }: SystemUnderLoad,
  groupId: string,
  clientIds: readonly string[],
): Promise<void> {
  const name = encodeURIComponent(groupId.slice(GROUP_PREFIX.length));
  const connection = await HttpConnection.open(`${apiUrl}/groups/${name}/members/batch`);
  for (let start = 0; start < clientIds.length; start += BATCH_MEMBERS)
    await postBatch(connection, clientIds.slice(start, start + BATCH_MEMBERS));
  connection.close();
}

function postBatch(connection: HttpConnection, add: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    connection.post(JSON.stringify({ add }), (status, body) => {
      if (status === 200) resolve();
      else reject(new Error(`a batch of joins was answered ${status}: ${body.slice(0, 500)}`));
    });
  });
}
