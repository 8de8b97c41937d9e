import type { ClientState, PostlineClient, PostlineError } from '@postline/client';
import { createContext, useContext } from 'react';

/** What a provider gives to the hooks below it. */
export interface PostlineContextValue {
  /** Undefined on a server, in the first render, and until a changed client is open. */
  readonly client: PostlineClient<unknown> | undefined;
  /** Identifies the logs: messages of other logs are not shown. */
  readonly logs: string;
  readonly initialState: ClientState;
  readonly onError: (error: PostlineError) => void;
}

export const PostlineContext = createContext<PostlineContextValue | undefined>(undefined);

export function usePostlineContext(): PostlineContextValue {
  const value = useContext(PostlineContext);
  if (value === undefined) throw new Error('This hook needs a <PostlineProvider> above it.');
  return value;
}
