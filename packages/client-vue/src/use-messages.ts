import type { Message, PostlineClient } from '@postline/client';
import { emptyView, type MessagesOptions, type MessagesView, watchMessages } from '@postline/client-binding';
import { computed, type ComputedRef, type MaybeRefOrGetter, shallowRef, toValue, watch } from 'vue';
import { usePostlineContext } from './postline-context.ts';

/** The messages of a component, as refs. */
export interface MessagesRefs<Payload = string> {
  /** Oldest first, each once. */
  readonly messages: ComputedRef<readonly Message<Payload>[]>;
  /** Whether the earlier messages that were requested have not arrived yet. */
  readonly isLoading: ComputedRef<boolean>;
}

/** The messages that the provided client receives, and earlier ones. Each component has its own list. */
export function useMessages<Payload = string>(
  options: MaybeRefOrGetter<MessagesOptions> = {},
): MessagesRefs<Payload> {
  const { client, logs, onError } = usePostlineContext();
  const view = shallowRef<MessagesView<Payload>>(emptyView(toValue(options)));
  watch(
    () => JSON.stringify([logs(), toValue(options).target]),
    () => (view.value = emptyView(toValue(options))),
  );
  watch(
    [client, () => JSON.stringify([logs(), toValue(options)])],
    ([current], _before, onCleanup) => {
      if (current === undefined) return;
      const stop = watchMessages({
        client: current as PostlineClient<Payload>,
        options: toValue(options),
        onChange: (change) => (view.value = change(view.value)),
        onError,
      });
      onCleanup(stop);
    },
    { immediate: true },
  );
  return { messages: computed(() => view.value.messages), isLoading: computed(() => view.value.isLoading) };
}
