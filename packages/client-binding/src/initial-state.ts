import type { ClientState } from '@postline/client';

const CONNECTING: ClientState = { state: 'connecting' };
const DISCONNECTED: ClientState = { state: 'disconnected' };

/** The state while there is no client yet: on a server, and in the first render. */
export function initialState({
  autoConnect = true,
}: {
  readonly autoConnect?: boolean | undefined;
}): ClientState {
  return autoConnect ? CONNECTING : DISCONNECTED;
}
