export {
  checkOperationsKeys,
  RELAY_MEMORY_SUMS,
  relayEnvironment,
  relayProcessEnvironment,
  relaySettings,
  type RelaySettings,
} from './configuration.ts';
export { createRelay, type Relay, type RelayParts } from './relay.ts';
