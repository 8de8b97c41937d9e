/** The programs of examples/, run as they are written. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import {
  installedProgram,
  makeTempFolder,
  publish,
  RelayClient,
  startProcess,
  waitUntil,
} from '@postline/test-support';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RETRY_AFTER_SECONDS, startBadDay } from './bad-day.ts';
import { startSystem, type System } from './system.ts';

const EXAMPLES = fileURLToPath(new URL('../../examples/', import.meta.url));
const TEXT = `"Grüße" an 'alle' $HOME 😀\n\\n`;

interface Publisher {
  readonly file: string;
  /** Executables that can run it. */
  readonly interpreters: readonly string[];
  /** What else it can't do without. */
  readonly needs?: string;
  readonly args: (targetId: string, message: string) => string[];
}

const targetAndText = (targetId: string, message: string) => [targetId, message];
const PUBLISHERS: readonly Publisher[] = [
  {
    file: 'publish.sh',
    interpreters: ['bash'],
    needs: 'curl',
    args: (targetId, message) => [JSON.stringify({ message, targetId })],
  },
  { file: 'publish.mjs', interpreters: ['node'], args: targetAndText },
  { file: 'publish-with-sdk.mjs', interpreters: ['node'], args: targetAndText },
  { file: 'publish.php', interpreters: ['php'], args: targetAndText },
  { file: 'publish.py', interpreters: ['python3'], args: targetAndText },
];

let system: System;
beforeAll(async () => {
  system = await startSystem();
});
afterAll(async () => {
  await system.stop();
});

/** What is missing on this machine to run the example, or `undefined`. It stands in the report of the tests. */
function missingFor({ interpreters, needs }: Publisher): string | undefined {
  if (installedProgram(...interpreters) === undefined) return interpreters.join(' or ');
  return needs !== undefined && installedProgram(needs) === undefined ? needs : undefined;
}

async function run({ file, interpreters, args }: Publisher, url: string, message: string, targetId: string) {
  const command = installedProgram(...interpreters) ?? file;
  const started = startProcess({
    command,
    args: [EXAMPLES + file, ...args(targetId, message)],
    env: { ...process.env, POSTLINE_URL: url },
  });
  return { code: await started.ended, output: started.output() };
}

describe.concurrent.each(PUBLISHERS)('$file', (publisher) => {
  const missing = missingFor(publisher);
  const runs = missing === undefined ? '' : ` (skipped: ${missing} is not installed)`;
  if (missing !== undefined) console.log(`${publisher.file}${runs}`);
  const targetId = publisher.file;

  it.skipIf(missing !== undefined)(
    `[EXA-1] waits as long as it is told, tries again with its key, and its message arrives once${runs}`,
    async () => {
      const reader = await RelayClient.identified(system.relay.url, { clientId: targetId });
      const front = await startBadDay(system.api.url);
      const { code, output } = await run(publisher, front.url, TEXT, targetId);
      await front.close();
      expect(output).toMatch(/"offset": ?1\b/);
      expect(code).toBe(0);

      const { attempts } = front;
      expect(attempts.map(({ status, replayed }) => [status, replayed])).toEqual([
        [undefined, undefined],
        [201, false],
        [201, true],
      ]);
      expect(attempts[0]?.idempotencyKey).toMatch(/^[\x21-\x7e]{16,255}$/);
      expect(new Set(attempts.map(({ idempotencyKey }) => idempotencyKey)).size).toBe(1);
      expect(attempts[1]!.atMs - attempts[0]!.atMs).toBeGreaterThanOrEqual(RETRY_AFTER_SECONDS * 1_000);
      await reader.messagesOnceThereAre(1);
      await reader.settled();
      expect(reader.messages().map((frame) => [frame['offset'], frame['data']])).toEqual([[1, TEXT]]);
      await reader.close();
    },
  );

  it.skipIf(missing !== undefined)(
    `[EXA-2] gives up at once on what no retry can mend, saying what the API said${runs}`,
    async () => {
      const { code, output } = await run(publisher, system.api.url, '', targetId);
      expect(output).toContain('validation_failed');
      expect(code).not.toBe(0);
    },
  );
});

const php = installedProgram('php');
const hasPdo = php !== undefined && execFileSync(php, ['-m'], { encoding: 'utf8' }).includes('pdo_mysql');
if (!hasPdo) console.log('create-room.php (skipped: PHP with pdo_mysql is not installed)');

it.skipIf(!hasPdo)(
  '[EXA-5] a room, its members and its first message are created together, or not at all',
  async () => {
    const create = async (...args: readonly string[]) => {
      const started = startProcess({
        command: php ?? '',
        args: [`${EXAMPLES}create-room.php`, ...args],
        env: { ...process.env, DATABASE_URL: system.servers.databaseUrl },
      });
      return { code: await started.ended, output: started.output() };
    };
    const read = async (path: string) => (await (await fetch(`${system.api.url}${path}`)).json()) as object;
    expect(await create('general', 'Welcome!', 'anna', 'ben')).toEqual({
      code: 0,
      output: 'created general\n',
    });
    const page = () => read('/targets/group:general/messages');
    await waitUntil('the message is in its log', async () =>
      JSON.stringify(await page()).includes('Welcome!'),
    );
    const members = {
      members: [
        { clientId: 'anna', from: 0 },
        { clientId: 'ben', from: 0 },
      ],
    };
    expect(await read('/groups/general/members')).toMatchObject(members);

    const second = await create('general', 'Again!', 'carl');
    expect(second.code).not.toBe(0);
    expect(second.output).toContain('Duplicate entry');
    const probe = await publish(system.api.url, { message: 'probe', targetId: 'group:general' });
    expect(probe.body['offset']).toBe(2);
    expect(await read('/groups/general/members')).toMatchObject(members);
  },
);

it('[EXA-3] the consumer counts each message once, although it is killed while they come', async () => {
  const folder = await makeTempFolder('consumer');
  const path = `${folder.path}/sum.json`;
  const start = () =>
    startProcess({
      command: process.execPath,
      args: [`${EXAMPLES}consumer.mjs`, 'sums', path],
      env: { ...process.env, POSTLINE_RELAY_URL: system.relay.url },
    });
  let consumer = start();
  await waitUntil('the consumer is connected', () => consumer.output().includes('live'));
  for (let number = 1; number <= 60; number += 1) {
    await publish(system.api.url, { message: String(number), targetId: 'sums' });
    if (number % 20 === 10) {
      await consumer.end('SIGKILL');
      consumer = start();
    }
  }
  await waitUntil('the consumer is at the last message', () => consumer.output().includes('offset 60:'));
  expect(consumer.output()).toContain(`offset 60: 60, sum ${(60 * 61) / 2}\n`);
  await consumer.end('SIGKILL');
  await folder.remove();
});
