import { publish, RelayClient, startApi, startRelay } from '@postline/test-support';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSystem, type System } from './system.ts';

let system: System;

beforeAll(async () => {
  system = await startSystem();
});

afterAll(async () => {
  await system.stop();
});

describe('HTTP -> MySQL -> Redis -> relay -> socket, each a process of its own', () => {
  it('[PUB-1] [PUB-2] [DEL-1] [DEL-3] a message reaches its target, and only it; the row is in messages', async () => {
    const one = await RelayClient.identified(system.relay.url, { clientId: 1 });
    const two = await RelayClient.identified(system.relay.url, { clientId: 2 });
    const { status, body } = await publish(system.api.url, { message: 'Hello Client 1!', targetId: 1 });

    expect(status).toBe(201);
    expect(body).toEqual({
      id: expect.stringMatching(/^\d+$/),
      targetId: '1',
      offset: 1,
      createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      status: 'sent',
    });
    const { epoch } = await one.frame('identified');
    expect(await one.messagesOnceThereAre(1)).toEqual([
      {
        type: 'new_message',
        id: body['id'],
        targetId: '1',
        offset: 1,
        epoch,
        data: 'Hello Client 1!',
        createdAt: body['createdAt'],
      },
    ]);
    const connection = await createConnection(system.database.url);
    const [rows] = await connection.execute<RowDataPacket[]>(
      'SELECT id, message, target_id, created_at FROM messages',
    );
    await connection.end();
    expect(rows.map(({ id, message, target_id }) => ({ id: String(id), message, target_id }))).toEqual([
      { id: body['id'], message: 'Hello Client 1!', target_id: '1' },
    ]);

    await two.settled();
    expect(two.messages()).toEqual([]);
    await Promise.all([one.close(), two.close()]);
  });

  it('[DEL-2] [LOG-1] two APIs and two relays: every connection sees 1, 2, 3, …', async () => {
    const secondApi = await startApi(system.servers);
    const secondRelay = await startRelay(system.servers);
    const relays = [system.relay.url, secondRelay.url];
    const readers = await Promise.all(
      [...relays, ...relays].map((url) => RelayClient.identified(url, { clientId: 'crowd' })),
    );

    const sends = Array.from({ length: 200 }, (_, index) =>
      publish(index % 2 === 0 ? system.api.url : secondApi.url, { message: `m${index}`, targetId: 'crowd' }),
    );
    const answers = await Promise.all(sends);
    expect(answers.every(({ status }) => status === 201)).toBe(true);

    for (const reader of readers) {
      const offsets = (await reader.messagesOnceThereAre(200)).map((frame) => frame['offset']);
      expect(offsets).toEqual(Array.from({ length: 200 }, (_, index) => index + 1));
      await reader.close();
    }
    expect(await secondApi.stop()).toBe(0);
    expect(await secondRelay.stop()).toBe(0);
  });

  it('[PUB-5] 200 at once with one key, on two APIs: one row, and 200 equal answers', async () => {
    const secondApi = await startApi(system.servers);
    const urls = [system.api.url, secondApi.url];
    const body = { message: 'once', targetId: 'one-key' };
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, index) => publish(urls[index % 2] ?? '', body, 'the-one-key')),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
    for (const { body: told } of answers) {
      const { id, offset, createdAt } = answers[0]?.body ?? {};
      expect(told).toMatchObject({ id, offset, createdAt, targetId: 'one-key' });
    }
    const connection = await createConnection(system.database.url);
    const [rows] = await connection.query("SELECT `offset` FROM messages WHERE target_id = 'one-key'");
    await connection.end();
    expect(rows).toEqual([{ offset: 1 }]);
    expect(await secondApi.stop()).toBe(0);
  });

  it('[LOG-4] the text that arrives is the text that was sent', async () => {
    const texts = [
      '😀 ünïcödé',
      '<b>bold</b>',
      'a\u0000b',
      '  spaces  ',
      '"quotes\\" and \n lines',
      'é'.repeat(32_767),
    ];
    const reader = await RelayClient.identified(system.relay.url, { clientId: 'texts' });
    for (const message of texts) await publish(system.api.url, { message, targetId: 'texts' });
    expect((await reader.messagesOnceThereAre(texts.length)).map((frame) => frame['data'])).toEqual(texts);
    await reader.close();
  });
});
