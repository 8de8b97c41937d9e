import { type StartedProcess, startProcess, waitUntil } from '@postline/test-support';
import { describe, expect, it } from 'vitest';

const PROCESS_MS = 15_000;

interface SmallService {
  readonly close?: string;
  readonly start?: string;
  readonly drain?: string;
  readonly started?: string;
}

/** A service as small as can be, on the built package: what it does is given as source text. */
function startService({ close = '', ...parts }: SmallService): StartedProcess {
  const { start = '', drain = 'undefined', started = 'undefined' } = parts;
  const program = `
    import { setTimeout as sleep } from 'node:timers/promises';
    import { createLogger, readSettings, portSetting, runProcess, urlSetting } from '@postline/service-runtime';
    import { z } from 'zod';
    await runProcess({ usage: 'test', summary: '', settings: {} }, async (env) => {
      const logger = createLogger({ service: 'test', level: 'info' });
      setInterval(() => undefined, 1000);
      ${start}
      setImmediate(() => logger.info('started')); // once start has returned
      return { logger, shutdownDeadlineMs: 500, started: ${started}, drain: ${drain}, close: async () => { ${close} } };
    });`;
  return startProcess({
    command: process.execPath,
    args: ['--input-type=module', '--eval', program],
    cwd: new URL('../..', import.meta.url).pathname,
    env: { PATH: process.env['PATH'], PORT: 'http', SERVER_URL: 'nowhere://user:s3cr3t@h' },
  });
}

const started = (service: StartedProcess) =>
  waitUntil('it started', () => service.output().includes('"started"'), PROCESS_MS);

describe('process lifecycle', { timeout: PROCESS_MS }, () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('[DEL-15] %s: closes, then exit 0', async (signal) => {
    const service = startService({ close: `await sleep(100); logger.info('parts closed');` });
    await started(service);
    expect(await service.end(signal)).toBe(0);
    expect(messages(service)).toEqual(['started', 'closing', 'parts closed', 'closed']);
  });

  it('[DEL-15] further signals do not cut off the closing: npm passes on what a terminal sent already', async () => {
    const service = startService({ close: `await sleep(300); logger.info('parts closed');` });
    await started(service);
    service.signal('SIGINT');
    await waitUntil('it closes', () => service.output().includes('"closing"'));
    service.signal('SIGINT');
    expect(await service.end('SIGTERM')).toBe(0);
    expect(messages(service)).toEqual(['started', 'closing', 'parts closed', 'closed']);
  });

  /** A service that drains for so long. */
  const draining = (milliseconds: number, further: SmallService = {}) =>
    startService({
      drain: `{ milliseconds: ${milliseconds}, onStart: () => logger.info('draining') }`,
      close: `logger.info('parts closed');`,
      ...further,
    });
  const DRAINED = ['started', 'closing', 'draining', 'parts closed', 'closed'];
  const NOT_DRAINED = ['started', 'closing', 'parts closed', 'closed'];

  it('[OPS-21] SIGTERM: drains, then closes; a second SIGTERM changes nothing', async () => {
    const service = draining(300);
    await started(service);
    const begin = performance.now();
    service.signal('SIGTERM');
    await waitUntil('it drains', () => service.output().includes('"draining"'));
    expect(await service.end()).toBe(0);
    expect(performance.now() - begin).toBeGreaterThan(300);
    expect(messages(service)).toEqual(DRAINED);
  });

  it('[OPS-21] SIGINT does not drain, and ends a drain', async () => {
    const interrupted = draining(60_000);
    await started(interrupted);
    expect(await interrupted.end('SIGINT')).toBe(0);
    expect(messages(interrupted)).toEqual(NOT_DRAINED);

    const cut = draining(60_000);
    await started(cut);
    cut.signal('SIGTERM');
    await waitUntil('it drains', () => cut.output().includes('"draining"'));
    expect(await cut.end('SIGINT')).toBe(0);
    expect(messages(cut)).toEqual(DRAINED);
  });

  it('[OPS-21] what was never ready does not drain, and what crashes does not', async () => {
    const waiting = draining(60_000, { started: 'new Promise(() => undefined)' });
    await started(waiting);
    expect(await waiting.end()).toBe(0);
    expect(messages(waiting)).toEqual(NOT_DRAINED);

    const crashing = draining(60_000, { start: `setTimeout(() => { throw new Error('a bug'); }, 50);` });
    expect(await crashing.ended).toBe(1);
    expect(messages(crashing)).toEqual(['started', 'crashed, closing', 'parts closed', 'closed']);
  });

  it('[DEL-15] what is not closed at the deadline is left: exit 1, and a line', async () => {
    const service = startService({ close: `await new Promise(() => undefined);` });
    await started(service);
    const begin = performance.now();
    expect(await service.end()).toBe(1);
    expect(performance.now() - begin).toBeLessThan(2_000);
    expect(messages(service)).toEqual(['started', 'closing', 'not closed at the deadline']);
  });

  it('closing that fails: exit 1, and a line with the reason', async () => {
    const service = startService({ close: `throw new Error('a part is broken');` });
    await started(service);
    expect(await service.end()).toBe(1);
    expect(messages(service)).toEqual(['started', 'closing', 'closing failed']);
    expect(service.output()).toContain('a part is broken');
  });

  it.each([
    ['an uncaught exception', `setTimeout(() => { throw new Error('a bug near "s3cr3t"'); }, 50);`],
    [
      'an unhandled rejection',
      `setTimeout(() => { void Promise.reject(new Error('a bug near "s3cr3t"')); }, 50);`,
    ],
  ])('%s: logged, closed in order, exit 1', async (_what, start) => {
    const service = startService({ start, close: `logger.info('parts closed');` });
    expect(await service.ended).toBe(1);
    expect(messages(service)).toEqual(['started', 'crashed, closing', 'parts closed', 'closed']);
    expect(service.output()).toContain('a bug near');
    expect(service.output(), 'quoted texts may be of messages').not.toContain('s3cr3t');
  });

  it('a crash while closing ends it at once with 1, and is logged; so does not a signal', async () => {
    const close = `setTimeout(() => { throw new Error('a bug'); }, 50); await new Promise(() => undefined);`;
    const service = startService({ close });
    await started(service);
    expect(await service.end()).toBe(1);
    expect(messages(service)).toEqual(['started', 'closing', 'crashed while closing']);
  });

  it('a signal while it closes after a crash changes nothing: still exit 1', async () => {
    const start = `setTimeout(() => { throw new Error('a bug'); }, 50);`;
    const service = startService({ start, close: `await sleep(300);` });
    await waitUntil('it crashed', () => service.output().includes('crashed, closing'), PROCESS_MS);
    expect(await service.end()).toBe(1);
    expect(messages(service)).toEqual(['started', 'crashed, closing', 'closed']);
  });

  it('[OPS-1] wrong settings: exit 1, one line for each, no secret', async () => {
    const service = startService({
      start: `readSettings(z.object({ PORT: portSetting(1), SERVER_URL: urlSetting(['mysql:']) }), env);`,
    });
    expect(await service.ended).toBe(1);
    const lines = service.output().trim().split('\n');
    expect(lines[0]).toBe('PORT: must be an integer from 0 to 65535');
    expect(lines[1]).toMatch(/^SERVER_URL: must be a URL that starts with mysql:\/\//);
    expect(lines).toHaveLength(2);
    expect(service.output()).not.toContain('s3cr3t');
  });

  it('a start that fails: exit 1, and one line', async () => {
    const service = startService({ start: `throw new Error('the port is taken');` });
    expect(await service.ended).toBe(1);
    expect(service.output()).toBe('could not start: the port is taken\n');
  });

  it('[DEL-15] a signal while it starts ends it at once with 0', async () => {
    const service = startService({ start: `logger.info('waiting'); await new Promise(() => undefined);` });
    await waitUntil('it waits', () => service.output().includes('"waiting"'), PROCESS_MS);
    expect(await service.end()).toBe(0);
  });
});

/** The messages of the log, in order. */
function messages(service: StartedProcess): unknown[] {
  const lines = service.output().trim().split('\n');
  return lines.map((line) => (JSON.parse(line) as { msg: unknown }).msg);
}
