import type { PostlineClient, PostlineError } from '@postline/client';
import {
  type BindingOptions,
  clientKey,
  createClientOpener,
  initialState,
  logKey,
  reportError,
} from '@postline/client-binding';
import {
  createElement,
  type ReactElement,
  type ReactNode,
  useEffect,
  useMemo,
  useRef,
  useState,
} from 'react';
import { PostlineContext, type PostlineContextValue } from './postline-context.ts';

export type PostlineProviderProps<Payload = string> = BindingOptions<Payload> & {
  readonly children?: ReactNode;
};

interface OpenedClient {
  readonly key: string;
  readonly client: PostlineClient<unknown>;
}

/**
 * Keeps one client for everything below it: opened when it is mounted, closed when it is unmounted, and replaced when an
 * option changes. Functions and objects may be new in every render.
 */
export function PostlineProvider<Payload = string>(props: PostlineProviderProps<Payload>): ReactElement {
  const { children, ...rest } = props;
  const options = rest as BindingOptions<unknown>;
  const key = clientKey(options);
  const logs = logKey(options);
  const state = initialState(options);
  const latest = useRef(options);
  const [openClient] = useState(createClientOpener<unknown>);
  const [opened, setOpened] = useState<OpenedClient>();

  // Before the next effect, which may open a client with these options.
  useEffect(() => {
    latest.current = options;
  });
  useEffect(() => {
    const client = openClient(() => latest.current);
    setOpened({ key, client });
    return () => {
      setOpened(undefined);
      void client.close();
    };
  }, [key, openClient]);

  const client = opened?.key === key ? opened.client : undefined;
  const value = useMemo<PostlineContextValue>(() => {
    const onError = (error: PostlineError) => reportError(latest.current, error);
    return { client, logs, initialState: state, onError };
  }, [client, logs, state]);
  return createElement(PostlineContext.Provider, { value }, children);
}
