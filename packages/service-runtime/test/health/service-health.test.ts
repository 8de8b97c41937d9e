import { expect, it } from 'vitest';
import { createLogger, describeFault, ServiceHealth } from '../../src/index.ts';

function createHealth() {
  let fault: Error | undefined;
  const lines: string[] = [];
  const write = (line: string) => {
    const { level, msg } = JSON.parse(line) as { level: string; msg: string };
    lines.push(`${level}: ${msg}`);
  };
  const health = new ServiceHealth({
    logger: createLogger({ service: 'test', level: 'info', destination: { write } }),
    warnings: ['fixed'],
    database: {
      check: (show) => {
        show({ server: undefined, warnings: [{ key: 'sync', text: 'not synced' }] });
        return fault === undefined ? Promise.resolve() : Promise.reject(fault);
      },
      describe: describeFault,
      consequence: 'Requests wait.',
    },
    bus: { describe: describeFault, consequence: 'No hints come.' },
  });
  return { health, lines, breakDatabase: (error: Error) => (fault = error) };
}

it('[OPS-3] a service needs its database, and works without Redis for a while', async () => {
  const { health, breakDatabase } = createHealth();
  expect(await health.readiness.report()).toMatchObject({ status: 'not_ready' }); // Redis was not tried yet
  health.bus.worked();
  expect(await health.readiness.report()).toMatchObject({
    status: 'ready',
    parts: { database: { status: 'up' }, bus: { status: 'up' } },
    warnings: ['fixed', 'not synced'],
  });
  health.bus.failed(Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }));
  expect(await health.readiness.report()).toMatchObject({
    status: 'degraded',
    parts: { bus: { status: 'down', reason: 'connection refused (ECONNREFUSED)' } },
  });
  breakDatabase(Object.assign(new Error('gone'), { code: 'ETIMEDOUT' }));
  health.database.checkNow();
  expect(await health.readiness.report()).toMatchObject({
    status: 'not_ready',
    parts: { database: { status: 'down', reason: 'timed out (ETIMEDOUT)' } },
    warnings: ['fixed', 'not synced'],
  });
});

it('[OPS-9] both servers are logged alike; an activity is an outage only while the database works', async () => {
  const { health, lines, breakDatabase } = createHealth();
  const activity = health.databaseActivity('Storing acks');
  await health.readiness.report();
  health.bus.failed(Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }));
  health.bus.worked();
  breakDatabase(Object.assign(new Error('gone'), { code: 'ETIMEDOUT' }));
  health.database.checkNow();
  await health.readiness.report();
  activity.failed(new Error('gone'));
  activity.worked();
  expect(lines).toEqual([
    'warn: not synced',
    "warn: Redis can't be used: connection refused (ECONNREFUSED). No hints come.",
    'info: Redis works again',
    "warn: The database can't be used: timed out (ETIMEDOUT). Requests wait.",
  ]);
});
