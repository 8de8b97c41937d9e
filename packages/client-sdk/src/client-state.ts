import type { PostlineError } from './postline-error.ts';

/** What a client is doing. Each state has only the fields that mean something in it. */
export type ClientState =
  /** There is no connection yet: the cursor, the token, the socket and the relay's first answer are on their way. */
  | { readonly state: 'connecting' }
  /** Connected; what was missed is on its way. */
  | {
      readonly state: 'catching-up';
      readonly connectionId: string;
      /** Messages that were in the log when the connection was there, and not yet received. */
      readonly missed: number;
    }
  /** Connected, and everything that was missed has been handled. */
  | { readonly state: 'live'; readonly connectionId: string }
  /** There is no connection, and there will be one again. */
  | {
      readonly state: 'waiting';
      /** Null where the next attempt waits for the message handler, not for a time. */
      readonly retryInMs: number | null;
      /** Why the last connection is over. */
      readonly error: PostlineError;
    }
  /** Over for good. `error` is undefined where `close()` or the signal asked for it. */
  | { readonly state: 'closed'; readonly error: PostlineError | undefined };
