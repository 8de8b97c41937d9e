export {
  checkOperationsKeys,
  RELAY_MEMORY_SUMS,
  relayEnvironment,
  relayProcessEnvironment,
  relaySettings,
  type RelaySettings,
} from './configuration.ts';
export type { RelayParts } from './client-parts.ts';
export { createRelay, type Relay } from './relay.ts';
