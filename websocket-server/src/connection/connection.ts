import {
  type AckFrame,
  CLOSE_CODES,
  type CloseCode,
  encodeRelayFrame,
  FRAME_ERRORS,
  type FrameErrorCode,
  hasBadClientId,
  type IdentifyFrame,
  isGroupId,
  parseClientFrame,
  type TokenFrame,
} from '@postline/protocol';
import type { AckWriter } from '../acks/ack-writer.ts';
import type { ClientSocket } from './client-socket.ts';
import type { Feed } from '../feeds/feed.ts';
import type { Follower } from '../following/follower.ts';

/** Milliseconds over which frames are counted: a reader that has caught up acks in bursts. */
export const COUNT_WINDOW_MS = 10_000;

/** What a connection may send in a window. */
export interface IncomingBounds {
  readonly framesMax: number;
  readonly bytesMax: number;
}

/** What a connection asks of the relay around it. */
export interface ConnectionHost {
  readonly incomingBounds: IncomingBounds;
  /** Keeps what clients have acked. */
  readonly acks: Pick<AckWriter, 'keep' | 'hurry'>;
  /**
   * Starts following for a client that has just identified itself; ends in `connection.startFollowing`. Takes as
   * long as the database is away.
   */
  identify(connection: Connection, frame: IdentifyFrame): void;
  /** Checks a further token of a client that has identified itself. */
  renewToken(connection: Connection, clientId: string, token: string): void;
  /** The connection no longer follows this feed, which it followed from `identify` on. */
  releaseFeed(feed: Feed): void;
  /** The connection is over: forget it. */
  forget(connection: Connection): void;
  /** The socket takes nothing now: watch whether it ever does again. */
  watchStalled(connection: Connection): void;
}

export type ConnectionState =
  | { readonly state: 'awaiting-identify' }
  | { readonly state: 'identifying'; readonly clientId: string }
  | {
      readonly state: 'following';
      readonly clientId: string;
      readonly deviceId: string | undefined;
      readonly epoch: string;
      readonly followers: readonly Follower[];
    }
  | { readonly state: 'closed' };

export interface FollowingStart {
  readonly clientId: string;
  readonly deviceId: string | undefined;
  /** Of the logs that are followed. */
  readonly epoch: string;
  readonly followers: readonly Follower[];
  /** The `identified` frame as text. */
  readonly identified: string;
}

const HEARTBEAT_TEXT = encodeRelayFrame({ type: 'heartbeat' });
const PONG_TEXT = encodeRelayFrame({ type: 'pong' });

/** One open WebSocket: what it may say now, and what it follows. */
export class Connection {
  readonly id: string;
  readonly openedAt = performance.now();
  readonly socket: ClientSocket;
  readonly #host: ConnectionHost;
  /** A disconnect after this position ends the connection; infinite until the client is let in. */
  disconnectsSeen = Number.POSITIVE_INFINITY;
  /** Whose it says it is, for the log: also after it has ended. */
  clientId: string | undefined;
  #state: ConnectionState = { state: 'awaiting-identify' };
  #awaitsSignOfLife = false;
  // Three numbers, not an object: there may be tens of thousands of connections, nearly all of them silent.
  #countWindow = 0;
  #frameCount = 0;
  #byteCount = 0;

  constructor(options: { id: string; socket: ClientSocket; host: ConnectionHost }) {
    this.id = options.id;
    this.socket = options.socket;
    this.#host = options.host;
  }

  get state(): ConnectionState['state'] {
    return this.#state.state;
  }

  /** A frame of any kind came, of so many bytes. False where that is too much: the connection is closed. */
  onFrame(bytes: number): boolean {
    const window = Math.trunc(performance.now() / COUNT_WINDOW_MS);
    if (window !== this.#countWindow) {
      this.#countWindow = window;
      this.#frameCount = 0;
      this.#byteCount = 0;
    }
    this.#frameCount += 1;
    this.#byteCount += bytes;
    const { framesMax, bytesMax } = this.#host.incomingBounds;
    if (this.#frameCount <= framesMax && this.#byteCount <= bytesMax) return true;
    this.fail('too_many_frames', CLOSE_CODES.tooMany);
    return false;
  }

  /** A text frame came. */
  onText(text: string): void {
    this.onSignOfLife();
    if (this.#state.state === 'closed') return;
    const frame = parseClientFrame(text);
    switch (frame?.type) {
      case 'identify':
        return this.#onIdentify(frame);
      case 'ack':
        return this.#onAck(frame);
      case 'token':
        return this.#onToken(frame);
      case 'ping':
        return this.#reply(PONG_TEXT);
      case undefined:
        return this.fail(this.#faultOf(text), CLOSE_CODES.badFrame);
    }
  }

  /** Any frame or pong: the peer lives. */
  onSignOfLife(): void {
    this.#awaitsSignOfLife = false;
  }

  /** The socket's buffer is full: nothing more is sent until it has drained. */
  onStalled(): void {
    this.#host.watchStalled(this);
  }

  /** The socket's buffer is empty again: whatever is behind goes on. */
  onDrain(): void {
    for (const follower of this.#followers()) follower.chase();
  }

  /** The socket is gone, whoever closed it. */
  onClosed(): void {
    const before = this.#state;
    const followers = this.#followers();
    this.#state = { state: 'closed' };
    for (const follower of followers) {
      if (before.state === 'following')
        this.#host.acks.hurry({ ...before, targetId: follower.feed.targetId });
      follower.leave();
      this.#host.releaseFeed(follower.feed);
    }
    this.#host.forget(this);
  }

  /** Once a turn of the wheel: tells the client that the line lives, and drops a peer that showed no sign of it. */
  onHeartbeat(): void {
    if (!this.socket.isWritable()) {
      this.#awaitsSignOfLife = false; // a ping may wait behind all the rest: onStalled has its own patience
      return;
    }
    if (this.#awaitsSignOfLife) return this.socket.terminate();
    this.#awaitsSignOfLife = true;
    if (this.#state.state === 'following') this.socket.send(HEARTBEAT_TEXT);
    this.socket.ping();
  }

  /** The client is known and its starting points are: from here on frames flow. */
  startFollowing({ clientId, deviceId, epoch, followers, identified }: FollowingStart): void {
    this.#state = { state: 'following', clientId, deviceId, epoch, followers };
    this.socket.send(identified);
    for (const follower of followers) follower.join();
  }

  /** A further token was good: it counts until then, or for ever. */
  confirmToken(expiresAt: Date | null): void {
    this.#reply(encodeRelayFrame({ type: 'token_accepted', expiresAt: expiresAt?.toISOString() ?? null }));
  }

  /** Tells an error that the connection outlives. */
  tell(code: FrameErrorCode): void {
    this.#reply(encodeRelayFrame({ type: 'error', code, message: FRAME_ERRORS[code] }));
  }

  /** Tells the error and closes: whatever is under way for a connection that follows nothing yet ends here. */
  fail(code: FrameErrorCode, closeCode: CloseCode): void {
    this.tell(code);
    this.socket.close(closeCode, FRAME_ERRORS[code]);
    if (this.#state.state !== 'following') this.#state = { state: 'closed' };
  }

  /** What is wrong with a text that is no frame. */
  #faultOf(text: string): FrameErrorCode {
    return this.#state.state === 'awaiting-identify' && hasBadClientId(text) ? 'bad_client_id' : 'bad_frame';
  }

  #onIdentify(frame: IdentifyFrame): void {
    if (this.#state.state !== 'awaiting-identify') return this.fail('bad_frame', CLOSE_CODES.badFrame);
    if (isGroupId(frame.clientId)) return this.fail('target_not_allowed', CLOSE_CODES.notAllowed);
    this.clientId = frame.clientId;
    this.#state = { state: 'identifying', clientId: frame.clientId };
    this.#host.identify(this, frame);
  }

  #onToken({ token }: TokenFrame): void {
    if (this.#state.state === 'identifying' || this.#state.state === 'following')
      this.#host.renewToken(this, this.#state.clientId, token);
    else this.fail('bad_frame', CLOSE_CODES.badFrame);
  }

  #onAck(frame: AckFrame): void {
    if (this.#state.state !== 'following') return this.tell('bad_ack');
    const { clientId, deviceId, epoch, followers } = this.#state;
    const { targetId = clientId, offset } = frame;
    const follower = followers.find((candidate) => candidate.feed.targetId === targetId);
    if (follower === undefined || offset > follower.cursor) return this.tell('bad_ack');
    if (offset <= follower.acked) return;
    if (this.#host.acks.keep({ clientId, deviceId, targetId, epoch, offset })) follower.acked = offset;
  }

  #followers(): readonly Follower[] {
    return this.#state.state === 'following' ? this.#state.followers : [];
  }

  /** Answers are dropped where the peer takes none: whoever asks without reading must not fill the memory. */
  #reply(text: string): void {
    if (this.socket.isWritable()) this.socket.send(text);
  }
}
