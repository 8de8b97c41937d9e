import type { PostlineClient } from '@postline/client';
import { usePostlineContext } from './postline-context.ts';

/** The client of the provider; undefined on a server and in the first render. */
export function usePostline<Payload = string>(): PostlineClient<Payload> | undefined {
  return usePostlineContext().client as PostlineClient<Payload> | undefined;
}
