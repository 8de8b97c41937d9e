import { defaultOriginRules } from '@postline/service-runtime';
import type { RelaySettings } from '../../src/configuration.ts';

/** The defaults, without the page (its files are there only after a build). */
export const TEST_SETTINGS: RelaySettings = {
  auth: 'open',
  originRules: defaultOriginRules('open'),
  allowedHosts: [],
  servePage: false,
  publicApiUrl: undefined,
  apiPort: 8080,
  heartbeatSeconds: 25,
  identifyTimeoutMs: 10_000,
  noProgressMs: 30_000,
  compareIntervalMs: 3_000,
  compareIntervalWithoutBusMs: 1_000,
  connectionsMax: 50_000,
  connectionsAwaitingIdentifyMax: 10_000,
  backlogReadsMax: 8,
  ackWriteIntervalMs: 250,
  drainMs: 5_000,
};
