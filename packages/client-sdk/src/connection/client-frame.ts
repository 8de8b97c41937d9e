import type { Cursor } from '../cursor/cursor.ts';

export interface IdentifyFrame {
  readonly type: 'identify';
  readonly clientId: string;
  readonly token: string | undefined;
  readonly deviceId: string | undefined;
  readonly resume: Cursor | 'last-ack' | undefined;
}

/** What a client may say on its socket; in JSON a field that is undefined is left out. */
export type ClientFrame =
  | IdentifyFrame
  | { readonly type: 'ack'; readonly targetId: string; readonly offset: number }
  | { readonly type: 'token'; readonly token: string }
  | { readonly type: 'ping' };
