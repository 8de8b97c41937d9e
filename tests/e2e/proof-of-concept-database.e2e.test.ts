import { publish, RelayClient, startApi, startRelay } from '@postline/test-support';
import { createConnection } from 'mysql2/promise';
import { expect, it } from 'vitest';
import { freshServers } from './system.ts';

it('[SCH-2] [SCH-3] two APIs start on a database of the proof of concept; a client that resumes from 0 reads its rows', async () => {
  const { servers, database } = await freshServers();
  const connection = await createConnection(database.url);
  await connection.query(
    `CREATE TABLE messages (id INT AUTO_INCREMENT PRIMARY KEY, message TEXT, target_id INT,
     created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP)`,
  );
  await connection.query(
    "INSERT INTO messages (message, target_id) VALUES ('first of 1', 1), ('first of 2', 2), ('second of 1', 1)",
  );

  const [api, secondApi] = await Promise.all([startApi(servers), startApi(servers)]);
  const relay = await startRelay(servers);
  const page = (await (await fetch(`${api.url}/targets/1/messages`)).json()) as { epoch: string };
  const reader = await RelayClient.identified(relay.url, {
    clientId: 1,
    resume: { epoch: page.epoch, offsets: { '1': 0 } },
  });
  await publish(api.url, { message: 'third of 1', targetId: 1 });

  const read = await reader.messagesOnceThereAre(3);
  expect(read.map((frame) => [frame['id'], frame['offset'], frame['data']])).toEqual([
    ['1', 1, 'first of 1'],
    ['3', 2, 'second of 1'],
    ['4', 3, 'third of 1'],
  ]);
  const [rows] = await connection.query('SELECT id, message, target_id FROM messages ORDER BY id');
  expect(rows).toMatchObject([
    { message: 'first of 1', target_id: '1' },
    { message: 'first of 2', target_id: '2' },
    { message: 'second of 1', target_id: '1' },
    { message: 'third of 1', target_id: '1' },
  ]);
  await expect(
    connection.query("INSERT INTO messages (message, target_id) VALUES ('old way', '1')"),
  ).rejects.toThrow();

  await connection.end();
  await reader.close();
  await Promise.all([api.stop(), secondApi.stop(), relay.stop()]);
  await database.drop();
});
