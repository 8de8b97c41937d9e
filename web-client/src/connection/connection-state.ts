import type { ClientState } from '@postline/client';
import { errorWords } from './error-words.ts';

/** What this page's connection is doing, and as which client. */
export type ConnectionState =
  | { readonly state: 'idle' }
  | { readonly state: 'connecting'; readonly clientId: string }
  | { readonly state: 'catching-up'; readonly clientId: string; readonly missed: number }
  | { readonly state: 'live'; readonly clientId: string }
  | {
      readonly state: 'waiting';
      readonly clientId: string;
      /** Null where no time is waited for, but the page itself: it has not shown yet what has come. */
      readonly retryInMs: number | null;
      readonly reason: string;
    }
  /** Over for good: trying again would not help. */
  | { readonly state: 'stopped'; readonly clientId: string; readonly reason: string };

/** What the SDK says of its client, as this page shows it. */
export function connectionState(clientId: string, client: ClientState): ConnectionState {
  switch (client.state) {
    case 'connecting':
    case 'live':
      return { state: client.state, clientId };
    case 'catching-up':
      return { state: 'catching-up', clientId, missed: client.missed };
    case 'waiting':
      return { state: 'waiting', clientId, retryInMs: client.retryInMs, reason: errorWords(client.error) };
    case 'closed':
      return client.error === undefined
        ? { state: 'idle' }
        : { state: 'stopped', clientId, reason: errorWords(client.error) };
  }
}

/** Whether messages can come in now. */
export function isConnected({ state }: ConnectionState): boolean {
  return state === 'catching-up' || state === 'live';
}

/** The client that this page is, or is trying to be; undefined where it is none. */
export function activeClientId(state: ConnectionState): string | undefined {
  return state.state === 'idle' || state.state === 'stopped' ? undefined : state.clientId;
}
