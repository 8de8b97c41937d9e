import type { PostlineClient } from '@postline/client';
import { emptyView, type MessagesOptions, type MessagesView, watchMessages } from '@postline/client-binding';
import { useEffect, useState } from 'react';
import { usePostlineContext } from './postline-context.ts';

interface KeptView<Payload> {
  readonly key: string;
  readonly view: MessagesView<Payload>;
}

/** The messages that the provider's client receives, and earlier ones. Each component has its own list. */
export function useMessages<Payload = string>(options: MessagesOptions = {}): MessagesView<Payload> {
  const { history, target, max } = options;
  const { client, logs, onError } = usePostlineContext();
  const key = JSON.stringify([logs, target]);
  const [kept, setKept] = useState<KeptView<Payload>>(() => ({ key, view: emptyView(options) }));
  const view = kept.key === key ? kept.view : emptyView(options);

  useEffect(() => {
    if (client === undefined) return undefined;
    return watchMessages({
      client: client as PostlineClient<Payload>,
      options: { history, target, max },
      onChange: (change) =>
        setKept((before) => {
          const current = before.key === key ? before.view : emptyView({ history });
          const next = change(current);
          return next === before.view ? before : { key, view: next };
        }),
      onError,
    });
  }, [client, key, history, target, max, onError]);
  return view;
}
