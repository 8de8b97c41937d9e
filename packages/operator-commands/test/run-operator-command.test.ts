import { createClientTokenVerifier } from '@postline/client-tokens';
import { parsePublisherKeys } from '@postline/publisher-keys';
import { createLogger } from '@postline/service-runtime';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { timeWithZone } from '../src/argument-parsers.ts';
import { runOperatorCommand } from '../src/run-operator-command.ts';

const SECRET = 'u7Zz3mJ0p9Qx5Lr2Vw8Kt4Hs6Bn1Yc0D';
const lines: string[] = [];
const errors: string[] = [];
beforeEach(() => {
  lines.length = errors.length = 0;
  vi.spyOn(console, 'log').mockImplementation((line: string) => void lines.push(line));
  vi.spyOn(console, 'error').mockImplementation((line: string) => void errors.push(line));
  vi.stubEnv('CLIENT_TOKEN_SECRET', SECRET);
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  process.exitCode = undefined;
});

async function refusal(name: string, words: readonly string[]): Promise<string> {
  await runOperatorCommand(name, words);
  expect([lines, errors.length, process.exitCode]).toEqual([[], 1, 2]);
  return errors[0] ?? '';
}

describe('npm run keys', () => {
  it('[SEC-3] prints lines for a shell: the key, and its entry with name and scopes', async () => {
    await runOperatorCommand('keys', ['new', 'shop', '--scope', 'read', '--scope=prefix=order-']);
    const [, key = '', entry = ''] = /^KEY=(\S+)$[^]*^PUBLISH_KEYS='(\S+)'$/m.exec(lines.join('\n')) ?? [];
    const parsed = parsePublisherKeys(entry);
    expect(parsed.ok && parsed.value.find(key)).toMatchObject({
      name: 'shop',
      scopes: new Set(['read']),
      targetPrefixes: ['order-'],
    });
  });

  it.each([
    [[], 'a command is missing'],
    [['shop'], "unknown command 'shop'"],
    [['new'], "'name'"],
    [['new', 'a b'], "'name'"],
    [['new', 'shop', 'more'], 'too many arguments'],
    [['new', 'shop', '--scope', 'all'], 'It has an unknown scope'],
    [['new', 'x', '--y'], '--y'],
  ])('[SEC-3] %j names the problem and the help', async (words, problem) => {
    const line = await refusal('keys', words);
    expect(line).toContain(problem);
    expect(line).toContain('(see npm run keys --');
  });
});

describe('npm run token', () => {
  it.each([
    [['1'], '1', 3_600],
    [['--expires-in-seconds', '60', 'ann@example'], 'ann@example', 60],
    [['--', '-x'], '-x', 3_600],
    [['auth0|5f7c'], 'auth0|5f7c', 3_600],
  ])('[TOK-4] %j', async (words, clientId, seconds) => {
    await runOperatorCommand('token', [...words]);
    const key = { kind: 'secret', secret: SECRET } as const;
    const settings = { key, issuer: undefined, audience: undefined };
    const logger = createLogger({ service: 'test', level: 'silent' });
    const checked = await createClientTokenVerifier(settings, { logger }).verify(lines[0] ?? '', 'here');
    if (!checked.ok) throw new Error(checked.reason);
    expect(checked.value.clientId).toBe(clientId);
    expect((checked.value.expiresAt - checked.value.issuedAt) / 1_000).toBe(seconds);
  });

  it('[TOK-4] takes the claims about groups', async () => {
    await runOperatorCommand('token', ['1', '--groups', 'news,room-7', '--follow=room-*,*,lobby']);
    const payload = Buffer.from(lines[0]?.split('.')[1] ?? '', 'base64url').toString('utf8');
    expect(JSON.parse(payload)).toMatchObject({
      groups: ['news', 'room-7'],
      follow: ['room-*', '*', 'lobby'],
    });
  });

  it.each([
    [[]],
    [['1', '2']],
    [['group:staff']],
    [['a b']],
    [['1', '--expires-in-seconds', '0']],
    [['1', '--expires-in-seconds', '1.5']],
    [['1', '--expires-in-seconds', '999999999']],
    [['1', '--expires-in-seconds']],
    [['1', '--admin']],
    [['1', '--groups', '']],
    [['1', '--groups', 'news,']],
    [['1', '--groups', 'room-*']],
    [['1', '--follow', 'a b']],
    [['1', '--follow', 'room-**']],
  ])('[TOK-4] refuses %j', async (words) => {
    expect(await refusal('token', words)).toContain('(see npm run token --');
  });

  it('[TOK-4] without a secret it names the setting, with exit code 1', async () => {
    vi.stubEnv('CLIENT_TOKEN_SECRET', '');
    await runOperatorCommand('token', ['1']);
    expect(errors).toEqual([expect.stringMatching(/^CLIENT_TOKEN_SECRET: is required/)]);
    expect(process.exitCode).toBe(1);
  });
});

describe('npm run new-epoch', () => {
  it('[EPO-2] takes a time in any zone', () => {
    expect(timeWithZone('2026-11-23T08:30:00Z').toISOString()).toBe('2026-11-23T08:30:00.000Z');
    expect(timeWithZone('2026-11-23T08:30+05:45').toISOString()).toBe('2026-11-23T02:45:00.000Z');
    expect(timeWithZone('2026-11-23T08:30:00.123Z').toISOString()).toBe('2026-11-23T08:30:00.123Z');
  });

  it.each(['yesterday', '2026-11-23', '2026-11-23T08:30:00', '1234567890', '2026-13-01T00:00:00Z', ''])(
    '[EPO-2] refuses the time %j',
    async (time) => {
      expect(await refusal('new-epoch', ['--restored-at', time])).toContain('with its zone');
    },
  );

  it.each([[['--restored']], [['--restored-at']], [['now']], [['--force']]])(
    '[EPO-2] refuses %j',
    async (words) => {
      expect(await refusal('new-epoch', words)).toContain('(see npm run new-epoch --');
    },
  );

  it('[EPO-2] refuses a time in the future', async () => {
    expect(await refusal('new-epoch', ['--restored-at', '2999-01-01T00:00:00Z'])).toContain('future');
  });
});
