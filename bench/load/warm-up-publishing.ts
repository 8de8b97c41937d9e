import { HttpConnection } from './http-connection.ts';
import { forEachNumber } from './recipients.ts';
import type { SystemUnderLoad } from './load-job.ts';

const MESSAGES = 10_000;
const CONNECTIONS = 16;
/** No client of any workload has this id. */
const TARGET_ID = 'nobody';

/**
 * Publishes until the API's code is compiled: a workload of a few messages a second would otherwise measure an API that
 * has just started. Rejects if a message is refused.
 */
export async function warmUpPublishing({ apiUrl }: SystemUnderLoad): Promise<void> {
  const body = JSON.stringify({ message: 'warm-up', targetId: TARGET_ID });
  await forEachNumber(CONNECTIONS, CONNECTIONS, async () => {
    const connection = await HttpConnection.open(apiUrl);
    for (let sent = 0; sent < MESSAGES / CONNECTIONS; sent += 1) await post(connection, body);
    connection.close();
  });
}

function post(connection: HttpConnection, body: string): Promise<void> {
  return new Promise((resolve, reject) => {
    connection.post(body, (status, answer) => {
      if (status === 201) resolve();
      else reject(new Error(`a message of the warm-up was answered ${status}: ${answer}`));
    });
  });
}
