import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ActivityHealth, createLogger, describeFault, type Logger, PartHealth } from '../../src/index.ts';

const fault = (code: string) => Object.assign(new Error('s3cr3t'), { code });

describe('PartHealth', () => {
  let lines: string[];
  let logger: Logger;
  let health: PartHealth;
  let check: () => Promise<void>;

  beforeEach(() => {
    vi.useFakeTimers();
    lines = [];
    const write = (line: string) => {
      expect(line).not.toContain('s3cr3t');
      const { level, msg } = JSON.parse(line) as { level: string; msg: string };
      lines.push(`${level} ${msg}`);
    };
    logger = createLogger({ service: 'test', level: 'info', destination: { write } });
    check = () => Promise.resolve();
    health = new PartHealth({
      name: 'bus',
      title: 'Redis',
      consequence: 'It goes on.',
      check: () => check(),
      describe: describeFault,
      logger,
    });
  });
  afterEach(() => {
    health.stop();
    vi.useRealTimers();
  });

  it('[OPS-9] an outage is one warning with its reason, however many calls fail, and one line when it ends', () => {
    health.worked();
    for (let call = 0; call < 1_000; call += 1) health.failed(fault('ECONNREFUSED'));
    health.worked();
    health.worked();
    health.failed(fault('ENOTFOUND'));
    expect(lines).toEqual([
      "warn Redis can't be used: connection refused (ECONNREFUSED). It goes on.",
      'info Redis works again',
      "warn Redis can't be used: unknown host (ENOTFOUND). It goes on.",
    ]);
  });

  it('[OPS-9] trouble that is there from the first moment is logged too; a good start is not', async () => {
    health.start();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(lines).toEqual([]);
    health.stop();
    const second = new PartHealth({
      name: 'database',
      title: 'The database',
      consequence: '',
      check: () => Promise.reject(fault('ECONNREFUSED')),
      describe: describeFault,
      logger,
    });
    second.start();
    await vi.advanceTimersByTimeAsync(100);
    second.stop();
    expect(lines).toHaveLength(1);
  });

  it('[OPS-9] an idle service notices an outage and its end', async () => {
    health.start();
    await vi.advanceTimersByTimeAsync(5_000);
    check = () => Promise.reject(fault('ETIMEDOUT'));
    await vi.advanceTimersByTimeAsync(3_000);
    check = () => Promise.resolve();
    await vi.advanceTimersByTimeAsync(3_000);
    expect(lines).toEqual([
      "warn Redis can't be used: timed out (ETIMEDOUT). It goes on.",
      'info Redis works again',
    ]);
  });

  it('[OPS-9] a lost connection waits for the reason that the next attempt gives', async () => {
    health.worked();
    health.failed(fault('ECONNRESET'));
    await vi.advanceTimersByTimeAsync(300);
    health.failed(fault('ECONNREFUSED'));
    await vi.advanceTimersByTimeAsync(10_000);
    health.failed(fault('ECONNRESET'));
    await vi.advanceTimersByTimeAsync(10_000);
    expect(lines).toEqual(["warn Redis can't be used: connection refused (ECONNREFUSED). It goes on."]);
  });

  it('[OPS-9] where no better reason comes, it is logged all the same', async () => {
    health.worked();
    health.failed(fault('ECONNRESET'));
    await vi.advanceTimersByTimeAsync(3_000);
    expect(lines).toEqual(["warn Redis can't be used: connection lost (ECONNRESET). It goes on."]);
    health.worked();
    health.failed(fault('ECONNRESET'));
    health.worked();
    expect(lines.slice(1)).toEqual(['info Redis works again', lines[0], 'info Redis works again']);
  });

  it('[OPS-9] another kind of reason within an outage is logged once', () => {
    for (let attempt = 0; attempt < 10; attempt += 1) {
      health.failed(fault('ECONNREFUSED'));
      health.failed(fault('ENOTFOUND'));
    }
    expect(lines).toHaveLength(2);
  });

  it('[OPS-9] an activity that fails while its part is up is logged by itself; while the part is down it is not', async () => {
    health.start();
    const activity = new ActivityHealth({
      part: health,
      title: 'Storing acks',
      describe: describeFault,
      logger,
    });
    activity.worked();
    for (let call = 0; call < 100; call += 1) activity.failed(fault('EACCES'));
    await vi.advanceTimersByTimeAsync(2_000);
    activity.worked();
    expect(lines).toEqual([
      'warn Storing acks fails: this user may not open the connection (EACCES)',
      'info Storing acks works again',
    ]);

    lines.length = 0;
    check = () => Promise.reject(fault('ECONNREFUSED'));
    activity.failed(fault('ECONNREFUSED'));
    await vi.advanceTimersByTimeAsync(2_000);
    activity.worked();
    expect(lines).toEqual(["warn Redis can't be used: connection refused (ECONNREFUSED). It goes on."]);
  });

  it('logs nothing once it is stopped', async () => {
    health.start();
    health.stop();
    health.failed(fault('ECONNREFUSED'));
    check = () => Promise.reject(fault('ECONNREFUSED'));
    await vi.advanceTimersByTimeAsync(10_000);
    expect(lines).toEqual([]);
  });
});

describe('describeFault', () => {
  it.each([
    [fault('ECONNREFUSED'), 'refused', 'connection refused (ECONNREFUSED)'],
    [fault('EAI_AGAIN'), 'unknown-host', 'the host name cannot be resolved (EAI_AGAIN)'],
    [fault('deadline_exceeded'), 'timed-out', 'timed out'],
    [fault('EHOSTUNREACH'), 'unreachable', 'host unreachable (EHOSTUNREACH)'],
    [fault('SELF_SIGNED_CERT_IN_CHAIN'), 'tls', 'TLS failed (SELF_SIGNED_CERT_IN_CHAIN)'],
    [fault('ERR_TLS_CERT_ALTNAME_INVALID'), 'tls', 'TLS failed (ERR_TLS_CERT_ALTNAME_INVALID)'],
    [new Error('away', { cause: fault('ENOTFOUND') }), 'unknown-host', 'unknown host (ENOTFOUND)'],
    [new AggregateError([fault('ECONNREFUSED')], 's3cr3t'), 'refused', 'connection refused (ECONNREFUSED)'],
    [new Error('s3cr3t', { cause: fault('ER_ODD') }), 'ER_ODD', 'failed (ER_ODD)'],
    ['s3cr3t', 'other', 'failed'],
  ])('[OPS-9] tells reasons apart and never quotes a message: %s', (error, kind, text) => {
    expect(describeFault(error)).toEqual({ kind, text });
  });
});
