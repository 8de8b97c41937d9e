import { defaultOriginRules } from '@postline/service-runtime';
import type { RelaySettings } from '../../src/configuration.ts';

/** The defaults, without the page (its files are there only after a build). */
export const TEST_SETTINGS: RelaySettings = {
  auth: 'open',
  clientTokens: undefined,
  originRules: defaultOriginRules('open'),
  allowedHosts: [],
  trustedProxies: undefined,
  servePage: false,
  publicApiUrl: undefined,
  apiPort: 8080,
  heartbeatSeconds: 25,
  identifyTimeoutMs: 10_000,
  noProgressMs: 30_000,
  compareIntervalMs: 3_000,
  compareIntervalWithoutBusMs: 1_000,
  connectionsMax: 50_000,
  connectionsPerAddressMax: 20_000,
  connectionsPerClientMax: 10_000,
  connectionsAwaitingIdentifyMax: 10_000,
  connectionsAwaitingIdentifyPerAddressMax: 5_000,
  failedAuthenticationsPerMinute: 600,
  headersBytesMax: 16_384,
  headersTimeoutMs: 10_000,
  clientFramesPerSecondMax: 10_000,
  clientBytesPerSecondMax: 1_048_576,
  heldBytesMax: 256 * 1024 * 1024,
  socketQueuesBytesMax: 128 * 1024 * 1024,
  backlogReadsMax: 8,
  ackWriteIntervalMs: 250,
  drainMs: 5_000,
};
