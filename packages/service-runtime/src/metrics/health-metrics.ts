import { Counter, Gauge, type Registry } from 'prom-client';
import type { ServiceHealth } from '../health/service-health.ts';

/** Shows the health of the parts of a service. Of several workers, the one that fares worst counts. */
export function showHealth(
  registry: Registry,
  { database, bus }: Pick<ServiceHealth, 'database' | 'bus'>,
): void {
  const parts = [
    { part: database, title: 'the database can be used' },
    { part: bus, title: 'Redis can be used' },
  ];
  for (const { part, title } of parts) {
    new Gauge({
      name: `postline_${part.name}_up`,
      help: `1 if ${title}, else 0.`,
      aggregator: 'min',
      registers: [registry],
      collect() {
        this.set(part.isUp ? 1 : 0);
      },
    });
  }
  new Counter({
    name: 'postline_outages_total',
    help: 'Outages of the database and of Redis that have begun.',
    labelNames: ['part'],
    aggregator: 'max',
    registers: [registry],
    collect() {
      this.reset();
      for (const { part } of parts) this.inc({ part: part.name }, part.outages);
    },
  });
}
