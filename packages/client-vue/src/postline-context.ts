import type { ClientState, PostlineClient, PostlineError } from '@postline/client';
import { getCurrentInstance, type InjectionKey, inject, provide, type ShallowRef } from 'vue';

/** What `providePostline` gives to the composables. */
export interface PostlineContext {
  /** Undefined on a server, until the component is mounted, and until a changed client is open. */
  readonly client: Readonly<ShallowRef<PostlineClient<unknown> | undefined>>;
  /** Identifies the logs: messages of other logs are not shown. */
  readonly logs: () => string;
  readonly initialState: () => ClientState;
  readonly onError: (error: PostlineError) => void;
}

const KEY: InjectionKey<PostlineContext> = Symbol('postline');

/** `inject` finds what the components above provide; these are of the components themselves. */
const ownContexts = new WeakMap<object, PostlineContext>();

export function provideContext(context: PostlineContext): void {
  const component = getCurrentInstance();
  if (component === null) throw new Error('Call providePostline in the setup of a component.');
  ownContexts.set(component, context);
  provide(KEY, context);
}

export function usePostlineContext(): PostlineContext {
  const component = getCurrentInstance();
  const own = component === null ? undefined : ownContexts.get(component);
  const context = own ?? inject(KEY, undefined);
  if (context === undefined) throw new Error('Call providePostline in this component or in one above it.');
  return context;
}
