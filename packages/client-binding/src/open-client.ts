import {
  type CursorStore,
  memoryCursorStore,
  PostlineClient,
  type PostlineClientOptions,
  type PostlineError,
} from '@postline/client';

/** Every option of the client, and what to do with its errors. */
export type BindingOptions<Payload = string> = PostlineClientOptions<Payload> & {
  /** Receives the client's errors. Default: they are printed to the console. */
  readonly onError?: ((error: PostlineError) => void) | undefined;
};

/** The options of the latest render. */
type LatestOptions<Payload> = () => BindingOptions<Payload>;

/** What names a client; the options' own type depends on the payload. */
interface ClientName {
  readonly url: string | URL;
  readonly clientId: string | number;
}

/** Two renders with the same key read the same logs: one client of one relay. */
export function logKey({ url, clientId }: ClientName): string {
  return JSON.stringify([String(url), String(clientId)]);
}

/**
 * Two renders with the same key share one client. Functions and objects are new in every render of most programs, so
 * only their kind counts.
 */
export function clientKey(options: ClientName & { readonly onError?: unknown }): string {
  const { url, clientId, onError, ...others } = options;
  const entries = Object.entries(others as Record<string, unknown>)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => [name, isNewInEachRender(value) ? typeof value : value])
    .sort();
  return JSON.stringify([logKey(options), entries]);
}

function isNewInEachRender(value: unknown): boolean {
  return typeof value === 'function' || typeof value === 'object';
}

/**
 * Returns a function that opens a client. Clients that follow one another in the same logs (the token was changed, say)
 * share a cursor, unless the options have a store: each continues where the one before stopped.
 */
export function createClientOpener<Payload>(): (latest: LatestOptions<Payload>) => PostlineClient<Payload> {
  let key: string | undefined;
  let store: CursorStore;
  return (latest) => {
    const options = latest();
    if (key !== logKey(options)) store = memoryCursorStore();
    key = logKey(options);
    const client = new PostlineClient<Payload>(clientOptions(latest, store));
    client.on('error', (error) => reportError(latest(), error));
    return client;
  };
}

export function reportError({ onError }: Pick<BindingOptions, 'onError'>, error: PostlineError): void {
  if (onError === undefined) console.error(error);
  else onError(error);
}

/** Functions call those of the latest render; objects stay as they were when the client was opened. */
function clientOptions<Payload>(
  latest: LatestOptions<Payload>,
  cursorStore: CursorStore,
): PostlineClientOptions<Payload> {
  const { onError, ...options } = latest();
  const given = Object.entries(options as Record<string, unknown>).filter(([, value]) => value !== undefined);
  const stable = given.map(([name, value]) => [
    name,
    typeof value === 'function' ? latestOf(latest, name) : value,
  ]);
  return { cursorStore, ...Object.fromEntries(stable) } as PostlineClientOptions<Payload>;
}

function latestOf(latest: () => object, name: string): (...parameters: unknown[]) => unknown {
  return (...parameters) =>
    (latest() as Record<string, (...parameters: unknown[]) => unknown>)[name]?.(...parameters);
}
