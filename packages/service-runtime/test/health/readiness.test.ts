import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createLogger, describeFault, type Logger, PartHealth, Readiness } from '../../src/index.ts';

const SINCE = expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/) as string;
const UP = { status: 'up', since: SINCE };

describe('Readiness', () => {
  let lines: Record<string, unknown>[];
  let logger: Logger;
  let readiness: Readiness;

  beforeEach(() => {
    lines = [];
    const write = (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>);
    logger = createLogger({ service: 'test', level: 'info', destination: { write } });
    readiness = new Readiness({ logger, warnings: ['open'] });
  });
  afterEach(() => {
    readiness.stop();
    vi.useRealTimers();
  });

  function add(name: string, isRequired: boolean, check?: () => Promise<void>): PartHealth {
    const options = { name, title: name, consequence: 'It goes on.', describe: describeFault, logger };
    const health = new PartHealth(check === undefined ? options : { ...options, check });
    readiness.addPart(health, { isRequired });
    return health;
  }

  const answers = () => Promise.resolve();
  const refuses = () => Promise.reject(Object.assign(new Error('s3cr3t'), { code: 'ECONNREFUSED' }));

  it('[OPS-3] is ready where every part is up', async () => {
    add('database', true, answers);
    add('bus', false).worked();
    expect(await readiness.report()).toEqual({
      status: 'ready',
      parts: { database: UP, bus: UP },
      warnings: ['open'],
    });
  });

  it('[OPS-3] without a part that is required it is not ready, without another degraded; the reason has no secret', async () => {
    add('database', true, refuses);
    const bus = add('bus', false);
    bus.failed(new Error('s3cr3t'));
    const report = await readiness.report();
    expect(report).toMatchObject({
      status: 'not_ready',
      parts: {
        database: { status: 'down', since: SINCE, reason: 'connection refused (ECONNREFUSED)' },
        bus: { status: 'down', since: SINCE, reason: 'failed' },
      },
    });
    const other = new Readiness({ logger });
    other.addPart(bus, { isRequired: false });
    expect((await other.report()).status).toBe('degraded');
  });

  it('[OPS-11] shows the warnings of a part, logs each once, and takes them back', async () => {
    const flush = { key: 'flush', text: 'It flushes late.' };
    readiness.setWarning('hints', 'Hints are lost.');
    readiness.showWarnings('database', [flush]);
    readiness.showWarnings('database', [flush]);
    expect((await readiness.report()).warnings).toEqual(['open', 'Hints are lost.', 'It flushes late.']);
    readiness.showWarnings('database', []);
    expect((await readiness.report()).warnings).toEqual(['open', 'Hints are lost.']);
    expect(lines.map(({ level, msg }) => [level, msg])).toEqual([
      ['warn', 'Hints are lost.'],
      ['warn', 'It flushes late.'],
      ['info', 'resolved: It flushes late.'],
    ]);
  });

  it('[OPS-3] is degraded while a warning says so', async () => {
    add('database', true, answers);
    readiness.showWarnings('database', [{ key: 'read_only', text: 'It takes no writes.', degrades: true }]);
    expect(await readiness.report()).toMatchObject({
      status: 'degraded',
      parts: { database: UP },
      warnings: ['open', 'It takes no writes.'],
    });
    readiness.showWarnings('database', []);
    expect((await readiness.report()).status).toBe('ready');
  });

  it('[OPS-3] is not ready before every part was tried: a start is not an outage', async () => {
    add('database', true, answers);
    const bus = add('bus', false);
    expect(await readiness.report()).toMatchObject({
      status: 'not_ready',
      parts: { bus: { status: 'down', reason: 'not checked yet' } },
    });
    bus.worked();
    expect((await readiness.report()).status).toBe('ready');
    expect(lines).toEqual([]);
  });

  it('[OPS-3] a part that never answers is down within a second, and the others are shown', async () => {
    vi.useFakeTimers();
    add('database', true, () => new Promise(() => undefined));
    add('bus', false).worked();
    const report = readiness.report();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await report).toMatchObject({
      status: 'not_ready',
      parts: { database: { status: 'down', reason: 'timed out' }, bus: UP },
    });
  });

  it('[OPS-3] however many ask, a part is checked once a second', async () => {
    let checks = 0;
    add('database', true, () => {
      checks += 1;
      return Promise.resolve();
    });
    await Promise.all(Array.from({ length: 100 }, () => readiness.report()));
    await Promise.all(Array.from({ length: 100 }, () => readiness.report()));
    expect(checks).toBe(1);
  });

  it('[DEL-15] a service that drains is not ready', async () => {
    add('database', true, answers);
    readiness.startDraining();
    expect(await readiness.report()).toMatchObject({
      status: 'not_ready',
      parts: { database: UP },
      warnings: ['open', expect.stringContaining('draining')],
    });
  });

  it('[OPS-3] [OPS-9] a warning is shown until it is cleared, and logged once at either end', async () => {
    readiness.setWarning('hints', 'Hints do not flow.');
    readiness.setWarning('hints', 'Hints do not flow: 3 were lost.');
    expect((await readiness.report()).warnings).toEqual(['open', 'Hints do not flow: 3 were lost.']);
    readiness.clearWarning('hints');
    readiness.clearWarning('hints');
    expect((await readiness.report()).warnings).toEqual(['open']);
    expect(lines).toMatchObject([
      { level: 'warn', warning: 'hints', msg: 'Hints do not flow.' },
      { level: 'info', warning: 'hints' },
    ]);
    expect(lines).toHaveLength(2);
  });
});
