import type { ClientState } from '@postline/client';
import { useCallback, useSyncExternalStore } from 'react';
import { usePostlineContext } from './postline-context.ts';

/** The state of the provider's client. */
export function useConnectionState(): ClientState {
  const { client, initialState } = usePostlineContext();
  const subscribe = useCallback(
    (onChange: () => void) => client?.on('state', onChange) ?? (() => undefined),
    [client],
  );
  return useSyncExternalStore(
    subscribe,
    () => client?.state ?? initialState,
    () => initialState,
  );
}
