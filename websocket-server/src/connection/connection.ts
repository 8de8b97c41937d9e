import {
  type AckFrame,
  CLIENT_FRAME_BYTES_MAX,
  type ClientFrame,
  CLOSE_CODES,
  type CloseCode,
  encodeRelayFrame,
  type ErrorFrame,
  FRAME_ERRORS,
  type FollowFrame,
  type FrameErrorCode,
  hasBadClientId,
  type HistoryRequestFrame,
  type IdentifyFrame,
  isGroupId,
  parseClientFrame,
  type TokenFrame,
  type UnfollowFrame,
} from '@postline/protocol';
import type { Acks } from '../acks/acks.ts';
import type { RelaySettings } from '../configuration.ts';
import type { Follower } from '../following/follower.ts';
import { HistoryRequests } from '../following/history-requests.ts';
import type { LogReader } from '../following/log-reader.ts';
import type { ClientSocket } from './client-socket.ts';
import { ANY_GROUP, type ConnectionGroups, type GroupAccess } from './connection-groups.ts';

/** Milliseconds over which frames are counted: a reader that has caught up acks in bursts. */
const COUNT_WINDOW_MS = 10_000;

/** What a connection may send in one window. */
export interface IncomingBounds {
  readonly framesMax: number;
  readonly bytesMax: number;
}

export function incomingBounds({
  clientFramesPerSecondMax,
  clientBytesPerSecondMax,
}: Pick<RelaySettings, 'clientFramesPerSecondMax' | 'clientBytesPerSecondMax'>): IncomingBounds {
  const windowSeconds = COUNT_WINDOW_MS / 1_000;
  return {
    framesMax: clientFramesPerSecondMax * windowSeconds,
    bytesMax: clientBytesPerSecondMax * windowSeconds,
  };
}

/** What a connection reports to the relay, and requests from it. */
export interface ConnectionHost {
  readonly incomingBounds: IncomingBounds;
  readonly acks: Pick<Acks, 'keep' | 'hurry'>;
  /** For earlier messages. */
  readonly logReader: Pick<LogReader, 'readHistory'>;
  /** Ends in `connection.startFollowing` or `connection.fail`; waits while the database is away. */
  identify(connection: Connection, frame: IdentifyFrame): void;
  /** Checks another token of a client that has identified. */
  renewToken(connection: Connection, clientId: string, token: string): void;
  /** The groups of a connection that did not ask for any in its `identify`. */
  createGroups(connection: Connection): ConnectionGroups;
  /** The socket's buffer is full. */
  onStalled(connection: Connection): void;
  /** The relay closes the connection because of an error. */
  onFailed(code: FrameErrorCode): void;
  /** The connection has ended, and follows nothing any more. */
  onClosed(connection: Connection): void;
}

export type ConnectionState =
  | { readonly state: 'awaiting-identify' }
  | { readonly state: 'identifying'; readonly clientId: string }
  | ({ readonly state: 'following' } & FollowingClient)
  | { readonly state: 'closed' };

/** A client that has identified, and where its acks go. */
export interface FollowingClient {
  readonly clientId: string;
  readonly deviceId: string | undefined;
  /** Of the logs that it follows. */
  readonly epoch: string;
}

export interface ConnectionOptions {
  readonly id: string;
  readonly socket: ClientSocket;
  readonly host: ConnectionHost;
  /** The address that limits count it by. */
  readonly address: string;
}

const NO_FOLLOWERS: readonly Follower[] = [];
const HEARTBEAT_TEXT = encodeRelayFrame({ type: 'heartbeat' });
const PONG_TEXT = encodeRelayFrame({ type: 'pong' });

/** One open WebSocket: which frames it may send now, and which targets it follows. */
export class Connection {
  readonly id: string;
  readonly address: string;
  readonly openedAt = performance.now();
  readonly socket: ClientSocket;
  readonly #host: ConnectionHost;
  /** A disconnect after this position ends the connection; infinite until the client is admitted. */
  disconnectsSeen = Number.POSITIVE_INFINITY;
  /** The client id of its identify frame; kept after the connection ends, for the log. */
  clientId: string | undefined;
  /** What the client's latest token says about groups. */
  groupAccess: GroupAccess = ANY_GROUP;
  /** Undefined as long as the client did not ask for any. */
  groups: ConnectionGroups | undefined;
  #state: ConnectionState = { state: 'awaiting-identify' };
  /** By target. Nearly every connection follows one target: a Map for each would cost more than the follower. */
  #followers: readonly Follower[] | Map<string, Follower> = NO_FOLLOWERS;
  /** Undefined as long as the client did not ask for earlier messages. */
  #history: HistoryRequests | undefined;
  #awaitsSignOfLife = false;
  // Three numbers, not an object: there may be tens of thousands of connections, nearly all of them silent.
  #countWindow = 0;
  #frameCount = 0;
  #byteCount = 0;

  constructor({ id, socket, host, address }: ConnectionOptions) {
    this.id = id;
    this.socket = socket;
    this.#host = host;
    this.address = address;
  }

  get state(): ConnectionState['state'] {
    return this.#state.state;
  }

  /** A frame of any kind arrived. False if it was one too many, and the connection is closed. */
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

  /** A text frame arrived, of so many bytes. Only `identify` may be larger than CLIENT_FRAME_BYTES_MAX. */
  onText(text: string, bytes = 0): void {
    this.onSignOfLife();
    if (this.#state.state === 'closed') return;
    const frame = parseClientFrame(text);
    if (isTooLarge(bytes, frame)) return this.#onFrameTooLarge();
    if (frame === undefined) return this.fail(this.#faultOf(text), CLOSE_CODES.badFrame);
    return this.#onClientFrame(frame);
  }

  #onClientFrame(frame: ClientFrame): void {
    switch (frame.type) {
      case 'identify':
        return this.#onIdentify(frame);
      case 'ack':
        return this.#onAck(frame);
      case 'token':
        return this.#onToken(frame);
      case 'follow':
      case 'unfollow':
        return this.#onGroupFrame(frame);
      case 'ping':
        return this.#reply(PONG_TEXT);
      case 'history':
        return this.#onHistory(frame);
    }
  }

  /** Any frame or pong shows that the peer is alive. */
  onSignOfLife(): void {
    this.#awaitsSignOfLife = false;
  }

  /** The socket's buffer is full: nothing more is sent until it has drained. */
  onStalled(): void {
    this.#host.onStalled(this);
  }

  /** The socket's buffer is empty again: followers that are behind read on. */
  onDrain(): void {
    for (const follower of this.#followers.values()) follower.chase();
    this.#history?.onDrain();
  }

  /** The socket is gone, whichever side closed it. */
  onClosed(): void {
    const before = this.#state;
    this.#state = { state: 'closed' };
    for (const follower of this.#followers.values()) {
      const { targetId } = follower.feed;
      if (before.state === 'following') this.#host.acks.hurry({ ...before, targetId });
      follower.leave();
    }
    this.#followers = NO_FOLLOWERS;
    this.groups?.stop();
    this.#history?.stop();
    this.#host.onClosed(this);
  }

  /** Called once a turn of the wheel: sends a heartbeat, and drops a peer that gave no sign of life since the last. */
  onHeartbeat(): void {
    if (!this.socket.isWritable()) {
      this.#awaitsSignOfLife = false; // a ping would wait behind the rest: StalledWatch has its own time limit
      return;
    }
    if (this.#awaitsSignOfLife) return this.socket.terminate();
    this.#awaitsSignOfLife = true;
    if (this.#state.state === 'following') this.socket.send(HEARTBEAT_TEXT);
    this.socket.ping();
  }

  /** The client is admitted: sends `identified` and other frames, then what its targets have from their starts on. */
  startFollowing(client: FollowingClient, followers: readonly Follower[], frames: readonly string[]): void {
    this.#state = { state: 'following', ...client };
    this.#followers = followers.length === 1 ? followers : byTarget(followers);
    for (const frame of frames) this.socket.send(frame);
    for (const follower of followers) follower.join();
    this.#history?.onFollowing();
  }

  /** Follows one more target: sends the frames that report it, then what the target has from its start on. */
  addFollower(follower: Follower, frames: readonly string[]): void {
    if (!(this.#followers instanceof Map)) this.#followers = byTarget(this.#followers);
    this.#followers.set(follower.feed.targetId, follower);
    for (const frame of frames) this.socket.send(frame);
    follower.join();
  }

  /** Follows a target no longer: not one frame of it is sent any more. */
  removeFollower(follower: Follower): void {
    const { targetId } = follower.feed;
    if (this.#followers instanceof Map) this.#followers.delete(targetId);
    follower.leave();
    this.#history?.onUnfollowed(targetId);
  }

  followerOf(targetId: string): Follower | undefined {
    if (this.#followers instanceof Map) return this.#followers.get(targetId);
    return this.#followers.find(({ feed }) => feed.targetId === targetId);
  }

  /** The offset after which the client may read a target that it follows. */
  readableAfter(targetId: string): number {
    return this.groups?.readableAfter(targetId) ?? 0;
  }

  /** Another token was accepted, until then or, with null, for ever. */
  confirmToken(expiresAt: Date | null): void {
    this.#reply(encodeRelayFrame({ type: 'token_accepted', expiresAt: expiresAt?.toISOString() ?? null }));
  }

  /** Reports an error, mostly about a target or a request; the connection stays open. */
  reportError(code: FrameErrorCode, about: Pick<ErrorFrame, 'targetId' | 'requestId'> = {}): void {
    this.#reply(encodeRelayFrame({ type: 'error', code, message: FRAME_ERRORS[code], ...about }));
  }

  /** Reports an error and closes the connection. If it is identifying, that ends here. */
  fail(code: FrameErrorCode, closeCode: CloseCode): void {
    this.#host.onFailed(code);
    this.reportError(code);
    this.socket.close(closeCode, FRAME_ERRORS[code]);
    if (this.#state.state !== 'following') this.#state = { state: 'closed' };
  }

  /** The error for a text that is no frame. */
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
    if (this.#state.state !== 'following')
      return this.reportError('bad_ack', aboutTarget(frame.targetId ?? this.clientId));
    const { clientId, deviceId, epoch } = this.#state;
    const { targetId = clientId, offset } = frame;
    const follower = this.followerOf(targetId);
    if (follower === undefined || offset > follower.cursor) return this.reportError('bad_ack', { targetId });
    if (offset <= follower.acked) return;
    if (this.#host.acks.keep({ clientId, deviceId, targetId, epoch, offset })) follower.acked = offset;
  }

  #onGroupFrame(frame: FollowFrame | UnfollowFrame): void {
    if (this.#state.state === 'awaiting-identify' || frame.targetId === this.clientId)
      return this.fail('bad_frame', CLOSE_CODES.badFrame);
    if (this.groups === undefined) {
      this.groups = this.#host.createGroups(this);
      if (this.#state.state === 'following') this.groups.onIdentified(this.#state);
    }
    if (frame.type === 'follow') this.groups.onFollow(frame);
    else this.groups.onUnfollow(frame);
  }

  #onHistory(frame: HistoryRequestFrame): void {
    if (this.#state.state === 'awaiting-identify' || this.clientId === undefined)
      return this.fail('bad_frame', CLOSE_CODES.badFrame);
    if (this.#history === undefined) {
      const { logReader } = this.#host;
      this.#history = new HistoryRequests(this, { logReader, clientId: this.clientId });
      if (this.#state.state === 'following') this.#history.onFollowing();
    }
    this.#history.onFrame(frame);
  }

  #onFrameTooLarge(): void {
    this.socket.close(CLOSE_CODES.frameTooLarge, 'the frame is too large');
    if (this.#state.state !== 'following') this.#state = { state: 'closed' };
  }

  /** Drops the reply if the peer takes none: a client that asks without reading must not fill the memory. */
  #reply(text: string): void {
    if (this.socket.isWritable()) this.socket.send(text);
  }
}

function aboutTarget(targetId: string | undefined): Pick<ErrorFrame, 'targetId'> {
  return targetId === undefined ? {} : { targetId };
}

function isTooLarge(bytes: number, frame: ClientFrame | undefined): boolean {
  return bytes > CLIENT_FRAME_BYTES_MAX && frame?.type !== 'identify';
}

function byTarget(followers: readonly Follower[]): Map<string, Follower> {
  return new Map(followers.map((follower) => [follower.feed.targetId, follower]));
}
