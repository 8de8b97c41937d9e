import { freePort, type StandaloneProcess, startStandalone, waitUntil } from '@postline/test-support';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { postline, postlineOnTerminal, startPostline } from './support/command.ts';

let system: StandaloneProcess;
let env: Record<string, string>;
beforeAll(async () => {
  system = await startStandalone();
  env = { POSTLINE_API_URL: system.apiUrl, POSTLINE_RELAY_URL: system.relayUrl };
});
afterAll(() => system.stop());

describe('in a pipe', () => {
  it('[CLI-1] send prints the answer of the API; a problem is its code on standard error, with exit code 1', async () => {
    const sent = await postline(['send', 's', 'Hello', '--idempotency-key', 'k'], env);
    expect(sent).toMatchObject({ code: 0, stderr: '' });
    expect(sent.records()).toEqual([
      { id: expect.any(String), targetId: 's', offset: 1, createdAt: expect.any(String), status: 'sent' },
    ]);
    const [again, other, wrong] = await Promise.all([
      postline(['send', 's', 'Hello', '--idempotency-key', 'k'], env),
      postline(['send', 's', 'Bye', '--idempotency-key', 'k'], env),
      postline(['send', 'a b', 'Hello'], env),
    ]);
    expect(again.records()).toMatchObject([{ offset: 1, replayed: true }]);
    expect(other).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^postline: idempotency_key_reused: .*\n$/),
    });
    expect(wrong).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^postline: validation_failed: targetId: .*\n$/),
    });
  });

  it('[CLI-4] send - answers each line in order, and names the lines that are no messages', async () => {
    const mixed = await postline(['send', 'l', '-'], env, 'one\n\ntwo\r\nthree');
    expect(mixed.code).toBe(1);
    expect(mixed.records().map(({ offset }) => offset)).toEqual([1, 2, 3]);
    expect(mixed.stderr).toContain('validation_failed: line 2: it must not be empty');
    const lines = Array.from({ length: 2_500 }, (_, index) => `line ${index} ${'x'.repeat(100)}\n`).join('');
    const [first, second] = [
      await postline(['send', 'many', '-', '--idempotency-key', 'import'], env, lines),
      await postline(['send', 'many', '-', '--idempotency-key', 'import'], env, lines),
    ];
    expect(first.records().map(({ offset }) => offset)).toEqual(
      Array.from({ length: 2_500 }, (_, index) => index + 1),
    );
    expect(second.records().every(({ replayed }) => replayed === true)).toBe(true);
    const newest = await postline(['history', 'many', '--limit', '1500'], env);
    expect(newest.records()).toHaveLength(1_500);
    expect(newest.records()[0]).toMatchObject({ offset: 1_001 });
  });

  it('[CLI-1] history, receipts, groups and disconnect print a record a line', async () => {
    for (const text of ['1', '2', '3']) await postline(['send', 'h', text], env);
    const offsets = async (...words: string[]) =>
      (await postline(['history', 'h', ...words], env)).records().map(({ offset }) => offset);
    expect(await offsets()).toEqual([1, 2, 3]);
    expect(await offsets('--limit', '2')).toEqual([2, 3]);
    expect(await offsets('--after', '1', '--limit', '1')).toEqual([2]);
    expect(await postline(['receipts', 'h'], env)).toMatchObject({ code: 0, stdout: '' });
    expect((await postline(['group', 'add', 'news', 'anna', 'ben'], env)).records()).toEqual([
      { group: 'news', added: 2, removed: 0 },
    ]);
    expect((await postline(['group', 'remove', 'news', 'anna'], env)).records()).toEqual([
      { group: 'news', added: 0, removed: 1 },
    ]);
    expect((await postline(['group', 'list', 'news'], env)).records()).toMatchObject([
      { group: 'news', clientId: 'ben' },
    ]);
    expect((await postline(['disconnect', 'h', '--revoke'], env)).records()).toMatchObject([
      { clientId: 'h', tokensRefusedUpTo: expect.any(String) },
    ]);
  });

  it('[CLI-5] listen prints frames as they come, acknowledges nothing, and ends with 0 on Ctrl-C', async () => {
    await postline(['send', 'ear', 'one'], env);
    await postline(['send', 'ear', 'two'], env);
    const [all, rest] = [
      startPostline(['listen', 'ear', '--from-start'], env),
      startPostline(['listen', 'ear', '--after', '1'], env),
    ];
    await waitUntil(
      'the stored messages',
      () => all.stdout().includes('"two"') && rest.stdout().includes('"two"'),
    );
    await postline(['send', 'ear', 'three'], env);
    await waitUntil(
      'the new message',
      () => all.stdout().includes('"three"') && rest.stdout().includes('"three"'),
    );
    for (const { child } of [all, rest]) child.kill('SIGINT');
    const [allEnded, restEnded] = await Promise.all([all.ended, rest.ended]);
    expect([allEnded.code, restEnded.code]).toEqual([0, 0]);
    expect(allEnded.records()).toMatchObject(
      ['one', 'two', 'three'].map((data, index) => ({
        type: 'new_message',
        targetId: 'ear',
        offset: index + 1,
        data,
      })),
    );
    expect(restEnded.records().map(({ offset }) => offset)).toEqual([2, 3]);
    expect((await postline(['receipts', 'ear'], env)).stdout).toBe('');
  });

  it('[CLI-5] listen ends with 1 when it is told to stay away', async () => {
    const listening = startPostline(['listen', 'away', '--from-start'], env);
    await postline(['send', 'away', 'x'], env);
    await waitUntil('it is connected', () => listening.stdout().includes('"x"'));
    await postline(['disconnect', 'away'], env);
    expect(await listening.ended).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^postline: disconnected: .*4510.*\n$/),
    });
    expect(await postline(['listen', 'group:x'], env)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('clientId'),
    });
  });

  it('[CLI-2] a reader that goes away ends it quietly', async () => {
    const reading = startPostline(['history', 'many', '--limit', '2500'], env);
    reading.child.stdout?.destroy();
    expect(await reading.ended).toMatchObject({ code: 0, stderr: '' });
  });

  it('[CLI-2] the environment is checked', async () => {
    const wrong = await postline(['history', '1'], { POSTLINE_API_URL: 'localhost:8080' });
    expect(wrong).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^postline: POSTLINE_API_URL must be a URL.*\n$/),
    });
    const away = await postline(['history', '1'], {
      POSTLINE_API_URL: `http://127.0.0.1:${await freePort()}`,
    });
    expect(away).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^postline: unreachable: .*ECONNREFUSED.*\n$/),
    });
  });

  it('[CLI-1] key new, token and their npm scripts print what a shell takes', async () => {
    const secret = { CLIENT_TOKEN_SECRET: 'u7Zz3mJ0p9Qx5Lr2Vw8Kt4Hs6Bn1Yc0D' };
    const [key, script, token, help] = await Promise.all([
      postline(['key', 'new', 'shop']),
      postline(['keys', 'new', 'shop']),
      postline(['token', '1'], secret),
      postline(['keys', '--help']),
    ]);
    for (const { stdout } of [key, script])
      expect(stdout).toMatch(/^# The key.*\nKEY=pk_\S+\n# Its entry.*\nPUBLISH_KEYS='shop:[0-9a-f]{64}'\n$/);
    expect(token.stdout).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
    expect(help.stdout).toMatch(/^Usage: npm run keys -- /);
  });
});

describe('on a terminal', () => {
  it('[CLI-3] prints columns with colors, and no control characters of others', async () => {
    const escape = '\u001b[31mred';
    await postline(['send', 'eyes', '-'], env, `${escape}\n`);
    const [colored, plain, json] = await Promise.all([
      postlineOnTerminal(['history', 'eyes'], env),
      postlineOnTerminal(['history', 'eyes'], { ...env, NO_COLOR: '1' }),
      postlineOnTerminal(['history', 'eyes', '--json'], env),
    ]);
    expect(colored).toContain('\u001b[36meyes');
    expect(colored).toContain('\\u001b[31mred');
    expect(colored).not.toContain(escape);
    expect(plain).toMatch(/^STORED AT +TARGET +OFFSET +MESSAGE\r\n.* eyes +1 +\\u001b\[31mred\r\n$/);
    expect(JSON.parse(json)).toMatchObject({ data: escape });
  });

  it('[CLI-3] each command has its columns and its help', async () => {
    const outputs = await Promise.all(
      [
        ['send', 't', 'x'],
        ['receipts', 't'],
        ['group', 'add', 'tv', 'anna'],
        ['disconnect', 'tv'],
        ['send', '--help'],
      ].map((words) => postlineOnTerminal(words, { ...env, NO_COLOR: '1' })),
    );
    expect(outputs[0]).toMatch(/^TARGET +OFFSET +STATUS/);
    expect(outputs[1]).toBe('');
    expect(outputs[2]).toMatch(/^GROUP +ADDED +REMOVED\r\ntv +1 +0/);
    expect(outputs[3]).toMatch(/^CLIENT +STATUS/);
    expect(outputs[4]).toMatch(/^Usage: postline send[^]*Arguments:[^]*Options:[^]*Examples:/);
  });
});
