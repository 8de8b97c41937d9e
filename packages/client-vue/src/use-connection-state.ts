import type { ClientState } from '@postline/client';
import { type ShallowRef, shallowRef, watch } from 'vue';
import { usePostlineContext } from './postline-context.ts';

/** The state of the provided client. */
export function useConnectionState(): Readonly<ShallowRef<ClientState>> {
  const { client, initialState } = usePostlineContext();
  const state = shallowRef(initialState());
  watch(
    client,
    (current, _before, onCleanup) => {
      state.value = current?.state ?? initialState();
      if (current !== undefined) onCleanup(current.on('state', (next) => (state.value = next)));
    },
    { immediate: true },
  );
  return state;
}
