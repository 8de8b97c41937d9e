export {
  relayEnvironment,
  relayProcessEnvironment,
  relaySettings,
  type RelaySettings,
} from './configuration.ts';
export { createRelay, type Relay, type RelayParts } from './relay.ts';
