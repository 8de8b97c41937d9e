import type { ClientState, PostlineError } from '@postline/client';
import { errorWords } from './error-words.ts';

/** The state of this page's connection, and its client. */
export type ConnectionState =
  | { readonly state: 'idle' }
  | { readonly state: 'connecting'; readonly clientId: string }
  | { readonly state: 'catching-up'; readonly clientId: string; readonly missed: number }
  | { readonly state: 'live'; readonly clientId: string }
  | {
      readonly state: 'waiting';
      readonly clientId: string;
      /** Null if the connection waits for the page, which has not yet shown all messages. */
      readonly retryInMs: number | null;
      readonly reason: string;
      /** The code of the relay's error, if the reason says it. */
      readonly relayCode?: string | undefined;
    }
  /** Closed for good: another attempt would fail too. */
  | {
      readonly state: 'stopped';
      readonly clientId: string;
      readonly reason: string;
      readonly relayCode?: string | undefined;
    };

/** The SDK's client state in the terms of this page. */
export function connectionState(clientId: string, client: ClientState): ConnectionState {
  switch (client.state) {
    case 'connecting':
    case 'live':
      return { state: client.state, clientId };
    case 'catching-up':
      return { state: 'catching-up', clientId, missed: client.missed };
    case 'waiting':
      return { state: 'waiting', clientId, retryInMs: client.retryInMs, ...reasonOf(client.error) };
    case 'disconnected':
      return { state: 'idle' };
    case 'closed':
      return client.error === undefined
        ? { state: 'idle' }
        : { state: 'stopped', clientId, ...reasonOf(client.error) };
  }
}

function reasonOf(error: PostlineError) {
  return { reason: errorWords(error), relayCode: error.relayCode };
}

/** Whether messages can arrive now. */
export function isConnected({ state }: ConnectionState): boolean {
  return state === 'catching-up' || state === 'live';
}

/** The client as which this page is connected or connecting; undefined if it is neither. */
export function activeClientId(state: ConnectionState): string | undefined {
  return state.state === 'idle' || state.state === 'stopped' ? undefined : state.clientId;
}
