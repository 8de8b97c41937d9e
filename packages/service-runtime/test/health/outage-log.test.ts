import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { OutageLog } from '../../src/index.ts';

function createLog(reminderMs?: number) {
  const lines: string[] = [];
  const line = (level: string) => (fields: object, text: string) => {
    lines.push(`${level} ${JSON.stringify(fields)} ${text}`);
  };
  const log = new OutageLog({
    logger: { warn: line('warn'), info: line('info') } as never,
    fields: { part: 'database' },
    describe: (reason) => `fails: ${reason}`,
    over: 'works again',
    ...(reminderMs === undefined ? {} : { reminderMs }),
  });
  return { log, takeLines: () => lines.splice(0) };
}

const REFUSED = { kind: 'refused', text: 'connection refused' };

describe('an outage in the log', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['performance'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('[OPS-9] is there once when it begins, once for each further reason, and once when it is over', () => {
    const { log, takeLines } = createLog();
    log.worked();
    expect(takeLines()).toEqual([]);
    for (let failure = 0; failure < 3; failure += 1) log.failed(REFUSED);
    expect(log.wasLogged).toBe(true);
    expect(takeLines()).toEqual([
      'warn {"part":"database","reason":"connection refused"} fails: connection refused',
    ]);
    vi.advanceTimersByTime(3_600_000);
    log.failed(REFUSED);
    expect(takeLines()).toEqual([]);
    log.failed({ kind: 'timed-out', text: 'timed out' }, { waitedMs: 5 });
    log.failed(REFUSED);
    expect(takeLines()).toEqual([
      'warn {"part":"database","reason":"timed out","waitedMs":5} fails: timed out',
    ]);
    log.worked({ downMs: 7 });
    log.worked();
    expect(takeLines()).toEqual(['info {"part":"database","downMs":7} works again']);
    expect(log.wasLogged).toBe(false);
    log.failed(REFUSED);
    expect(takeLines()).toHaveLength(1);
  });

  it('is logged again as a reminder where it lasts', () => {
    const { log, takeLines } = createLog(10_000);
    log.failed(REFUSED);
    vi.advanceTimersByTime(9_999);
    log.failed(REFUSED);
    expect(takeLines()).toHaveLength(1);
    vi.advanceTimersByTime(1);
    log.failed(REFUSED);
    expect(takeLines()).toHaveLength(1);
  });

  it('takes a bounded number of lines, however its reason varies', () => {
    const { log, takeLines } = createLog();
    for (let kind = 0; kind < 1_000; kind += 1) log.failed({ kind: `${kind}`, text: `${kind}` });
    expect(takeLines()).toHaveLength(20);
  });
});
