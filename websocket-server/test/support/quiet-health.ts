import { createLogger } from '@postline/service-runtime';
import { createRelayHealth } from '../../src/metrics/relay-health.ts';

/** The health of a relay whose database is always there, and whose log nobody reads. */
export function quietHealth() {
  return createRelayHealth({
    store: { checkReady: () => Promise.resolve({ server: undefined, readOnlyBy: undefined, risks: [] }) },
    settings: { auth: 'required' },
    logger: createLogger({ service: 'test', level: 'silent' }),
  });
}
