import type { PostlineClient } from '@postline/client';
import {
  type BindingOptions,
  clientKey,
  createClientOpener,
  initialState,
  logKey,
  reportError,
} from '@postline/client-binding';
import { markRaw, onMounted, shallowRef, watch } from 'vue';
import { provideContext } from './postline-context.ts';

/**
 * Keeps one client for this component and everything below it: opened when it is mounted, closed when it is unmounted,
 * and replaced when an option changes. Functions and objects may be new in every call of `options`.
 */
export function providePostline<Payload = string>(options: () => BindingOptions<Payload>): void {
  const latest = options as () => BindingOptions<unknown>;
  const client = shallowRef<PostlineClient<unknown>>();
  const openClient = createClientOpener<unknown>();
  provideContext({
    client,
    logs: () => logKey(latest()),
    initialState: () => initialState(latest()),
    onError: (error) => reportError(latest(), error),
  });
  // A server mounts nothing, so it opens no client.
  onMounted(() =>
    watch(
      () => clientKey(latest()),
      (_key, _before, onCleanup) => {
        const opened = markRaw(openClient(latest));
        client.value = opened;
        onCleanup(() => {
          client.value = undefined;
          void opened.close();
        });
      },
      { immediate: true },
    ),
  );
}
