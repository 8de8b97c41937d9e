import { expect, it } from 'vitest';
import {
  createLogger,
  createMetricsRegistry,
  describeFault,
  ServiceHealth,
  showHealth,
  StartingError,
} from '../../src/index.ts';

const refused = () => Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
const lost = () => Object.assign(new Error('lost'), { code: 'ECONNRESET' });

function shownHealth() {
  const health = new ServiceHealth({
    logger: createLogger({ service: 'test', level: 'silent' }),
    warnings: [],
    database: { check: () => Promise.resolve(), describe: describeFault, consequence: '' },
    bus: { describe: describeFault, consequence: '' },
  });
  const registry = createMetricsRegistry('test');
  showHealth(registry, health);
  const figures = async () => {
    const text = await registry.metrics();
    const of = (name: string, labels = '') =>
      Number(new RegExp(`^${name}{${labels}service="test"} (.*)$`, 'm').exec(text)?.[1]);
    return {
      database: [of('postline_database_up'), of('postline_outages_total', 'part="database",')],
      bus: [of('postline_bus_up'), of('postline_outages_total', 'part="bus",')],
    };
  };
  return { health, figures };
}

it('[MET-3] shows whether each part can be used, and counts each outage once', async () => {
  const { health, figures } = shownHealth();
  expect(await figures()).toEqual({ database: [0, 0], bus: [0, 0] });
  health.database.worked();
  health.bus.worked();
  expect(await figures()).toEqual({ database: [1, 0], bus: [1, 0] });
  for (let call = 0; call < 10; call += 1) health.bus.failed(lost());
  for (let call = 0; call < 10; call += 1) health.bus.failed(refused());
  expect(await figures()).toEqual({ database: [1, 0], bus: [0, 1] });
  health.bus.worked();
  health.bus.failed(lost());
  health.bus.worked();
  expect(await figures()).toEqual({ database: [1, 0], bus: [1, 2] });
});

it('[MET-3] a service that waits for its database to be prepared is in no outage; one that cannot reach it is', async () => {
  const { health, figures } = shownHealth();
  health.database.failed(new StartingError());
  expect((await figures()).database).toEqual([0, 0]);
  health.database.failed(refused());
  expect((await figures()).database).toEqual([0, 1]);
});
