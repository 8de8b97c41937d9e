import { afterEach, describe, expect, it, vi } from 'vitest';
import { Readiness } from '../src/index.ts';

describe('Readiness', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it('[OPS-3] is ready where every part answers', async () => {
    const readiness = new Readiness();
    expect(await readiness.report()).toEqual({ ready: true, parts: {} });
    readiness.addPart('database', () => Promise.resolve());
    readiness.addPart('bus', () => Promise.resolve());
    expect(await readiness.report()).toEqual({ ready: true, parts: { database: 'ok', bus: 'ok' } });
  });

  it('[OPS-3] tells which part is away, by its code and never by its message', async () => {
    const readiness = new Readiness();
    readiness.addPart('database', () =>
      Promise.reject(Object.assign(new Error('s3cr3t'), { code: 'ECONNREFUSED' })),
    );
    readiness.addPart('bus', () => Promise.reject(new Error('s3cr3t')));
    readiness.addPart('broken', () => {
      throw new TypeError('s3cr3t');
    });
    const report = await readiness.report();
    expect(report).toEqual({
      ready: false,
      parts: { database: 'unavailable (ECONNREFUSED)', bus: 'unavailable', broken: 'unavailable' },
    });
  });

  it('[OPS-3] a part that never answers is away within 1.5 s, and the others are told', async () => {
    vi.useFakeTimers();
    const readiness = new Readiness();
    readiness.addPart('database', () => new Promise(() => undefined));
    readiness.addPart('bus', () => Promise.resolve());
    const report = readiness.report();
    await vi.advanceTimersByTimeAsync(1_501);
    expect(await report).toEqual({
      ready: false,
      parts: { database: 'unavailable (deadline_exceeded)', bus: 'ok' },
    });
  });

  it('[DEL-15] a service that drains is not ready', async () => {
    const readiness = new Readiness();
    readiness.addPart('database', () => Promise.resolve());
    readiness.startDraining();
    expect(await readiness.report()).toEqual({
      ready: false,
      parts: { database: 'ok', service: 'draining' },
    });
  });
});
