import { HttpConnection } from './http-connection.ts';
import type { SystemUnderLoad } from './load-job.ts';

/** The largest batch that the API takes. */
const BATCH_MESSAGES = 1_000;

const NUMBER_DIGITS = 10;

/** One message to store before the measurement. */
export interface FillMessage {
  readonly targetId: string;
  readonly message: string;
}

/** The text of a message contains its offset, so that each reader can check it. */
export function textOf(offset: number, messageBytes: number): string {
  return String(offset).padStart(NUMBER_DIGITS, '0').padEnd(messageBytes, '.');
}

/** Publishes messages in batches, one after the other. Rejects if one is refused. */
export async function fillLogs({ apiUrl }: SystemUnderLoad, messages: Iterable<FillMessage>): Promise<void> {
  const connection = await HttpConnection.open(`${apiUrl}/messages/batch`);
  let batch: FillMessage[] = [];
  for (const message of messages) {
    batch.push(message);
    if (batch.length < BATCH_MESSAGES) continue;
    await postBatch(connection, batch);
    batch = [];
  }
  if (batch.length > 0) await postBatch(connection, batch);
  connection.close();
}

function postBatch(connection: HttpConnection, messages: readonly FillMessage[]): Promise<void> {
  return new Promise((resolve, reject) => {
    connection.post(JSON.stringify({ messages }), (status, body) => {
      if (status === 201) resolve();
      else reject(new Error(`a batch was answered ${status}: ${body.slice(0, 500)}`));
    });
  });
}
