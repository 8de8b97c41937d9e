import {
  type AckFrame,
  CLOSE_CODES,
  type CloseCode,
  encodeRelayFrame,
  FRAME_ERRORS,
  type FrameErrorCode,
  type IdentifyFrame,
  isGroupId,
  parseClientFrame,
} from '@postline/protocol';
import type { AckWriter } from './ack-writer.ts';
import type { ClientSocket } from './client-socket.ts';
import type { Feed } from './feed.ts';
import type { Follower } from './follower.ts';

/** What a connection asks of the relay around it. */
export interface ConnectionHost {
  /** Keeps what clients have acked. */
  readonly acks: Pick<AckWriter, 'keep' | 'hurry'>;
  /**
   * Starts following for a client that has just identified itself; ends in `connection.startFollowing`. Takes as
   * long as the database is away.
   */
  identify(connection: Connection, frame: IdentifyFrame): void;
  /** The connection no longer follows this feed, which it followed from `identify` on. */
  releaseFeed(feed: Feed): void;
  /** The connection is over: forget it. */
  forget(connection: Connection): void;
  /** The socket takes nothing now: watch whether it ever does again. */
  watchStalled(connection: Connection): void;
}

export type ConnectionState =
  | { readonly state: 'awaiting-identify' }
  | { readonly state: 'identifying' }
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
  #state: ConnectionState = { state: 'awaiting-identify' };
  #awaitsSignOfLife = false;

  constructor(options: { id: string; socket: ClientSocket; host: ConnectionHost }) {
    this.id = options.id;
    this.socket = options.socket;
    this.#host = options.host;
  }

  get state(): ConnectionState['state'] {
    return this.#state.state;
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
      case 'ping':
        return this.#reply(PONG_TEXT);
      case undefined:
        return this.fail('bad_frame', CLOSE_CODES.badFrame);
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

  /** Tells the error and closes. */
  fail(code: FrameErrorCode, closeCode: CloseCode): void {
    this.#sendError(code);
    this.socket.close(closeCode, FRAME_ERRORS[code]);
  }

  #onIdentify(frame: IdentifyFrame): void {
    if (this.#state.state !== 'awaiting-identify') return this.fail('bad_frame', CLOSE_CODES.badFrame);
    if (isGroupId(frame.clientId)) return this.fail('target_not_allowed', CLOSE_CODES.notAllowed);
    this.#state = { state: 'identifying' };
    this.#host.identify(this, frame);
  }

  #onAck(frame: AckFrame): void {
    if (this.#state.state !== 'following') return this.#sendError('bad_ack');
    const { clientId, deviceId, epoch, followers } = this.#state;
    const { targetId = clientId, offset } = frame;
    const follower = followers.find((candidate) => candidate.feed.targetId === targetId);
    if (follower === undefined || offset > follower.cursor) return this.#sendError('bad_ack');
    if (offset <= follower.acked) return;
    if (this.#host.acks.keep({ clientId, deviceId, targetId, epoch, offset })) follower.acked = offset;
  }

  #followers(): readonly Follower[] {
    return this.#state.state === 'following' ? this.#state.followers : [];
  }

  #sendError(code: FrameErrorCode): void {
    this.#reply(encodeRelayFrame({ type: 'error', code, message: FRAME_ERRORS[code] }));
  }

  /** Answers are dropped where the peer takes none: whoever asks without reading must not fill the memory. */
  #reply(text: string): void {
    if (this.socket.isWritable()) this.socket.send(text);
  }
}
