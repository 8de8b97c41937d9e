import type { PostlineClient } from '@postline/client';
import type { ShallowRef } from 'vue';
import { usePostlineContext } from './postline-context.ts';

/** The provided client; undefined on a server and until the component that provides it is mounted. */
export function usePostline<Payload = string>(): Readonly<ShallowRef<PostlineClient<Payload> | undefined>> {
  return usePostlineContext().client as Readonly<ShallowRef<PostlineClient<Payload> | undefined>>;
}
