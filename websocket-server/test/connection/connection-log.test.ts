import { createLogger } from '@postline/service-runtime';
import { RelayClient } from '@postline/test-support';
import { expect, it } from 'vitest';
import { startTestRelay } from '../support/start-test-relay.ts';

it('[OPS-12] at debug, each connection is logged when it begins and ends; no id is logged at info', async () => {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  for (const level of ['info', 'debug']) {
    const relay = await startTestRelay({}, createLogger({ service: 'test', level, destination }));
    const client = await RelayClient.identified(relay.url, { clientId: 'somebody' });
    await client.close();
    await relay.close();
    if (level === 'info') expect(lines.join('')).not.toContain('somebody');
  }
  const parsed = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(parsed.filter(({ connectionId }) => connectionId !== undefined)).toMatchObject([
    { level: 'debug', msg: 'connection opened' },
    {
      level: 'debug',
      msg: 'connection closed',
      clientId: 'somebody',
      code: 1005,
      durationMs: expect.any(Number),
    },
  ]);
});
