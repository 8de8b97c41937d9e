import type { FollowFrame, UnfollowFrame } from '@postline/protocol';
import { isCursor, type TargetCursor } from '../cursor/cursor.ts';
import type { StreamPosition } from '../cursor/stream-position.ts';
import { PostlineError } from '../postline-error.ts';

/** A relay closes a connection that names anything else. */
export function isGroupId(targetId: string): boolean {
  return /^group:[\w.~:@|+-]{1,122}$/.test(targetId);
}

/** As many groups as a connection may follow. */
const REQUESTS_MAX = 1_000;

interface FollowRequestsParts {
  /** False if there is no connection to send it on. */
  readonly send: (frame: FollowFrame | UnfollowFrame) => boolean;
  readonly position: Pick<StreamPosition, 'cursorOf'>;
  /** A target is not followed any more although no relay has confirmed it: there is no connection. */
  readonly onLeft: (targetId: string) => void;
}

/** The application's last call of `follow` or `unfollow` for one target. */
class FollowRequest {
  /** False: the target must not be followed, even if the client is a member. */
  readonly isWanted: boolean;
  isPending = true;
  /** The start that the application asked for, until the relay has answered. */
  start: TargetCursor | undefined;
  /** The cursor in the last `follow` frame. */
  sent: TargetCursor | undefined;
  settle!: (error?: PostlineError) => void;
  readonly answer = new Promise<void>((resolve, reject) => {
    this.settle = (error) => {
      this.isPending = false;
      this.start = undefined;
      if (error === undefined) resolve();
      else reject(error);
    };
  });

  constructor(isWanted: boolean) {
    this.isWanted = isWanted;
  }
}

/** What the application asked for by `follow` and `unfollow`. It is requested again on each connection. */
export class FollowRequests {
  readonly #parts: FollowRequestsParts;
  readonly #requests = new Map<string, FollowRequest>();

  constructor(parts: FollowRequestsParts) {
    this.#parts = parts;
  }

  /** Resolves when the relay has confirmed the request; rejects with its error. */
  add(targetId: string, isWanted: boolean, start?: TargetCursor): Promise<void> {
    if (!isGroupId(targetId) || !isTargetCursor(start))
      throw new PostlineError('invalid_target', { targetId });
    const request = this.#requestOf(targetId, isWanted);
    request.start = start ?? request.start;
    if (!this.#send(targetId, request) && !isWanted) {
      request.settle();
      this.#parts.onLeft(targetId);
    }
    return request.answer;
  }

  /** The one that waits for the same answer, or a new one. */
  #requestOf(targetId: string, isWanted: boolean): FollowRequest {
    const before = this.#requests.get(targetId);
    if (before?.isPending && before.isWanted === isWanted) return before;
    if (before === undefined) this.#makeRoom(targetId);
    before?.settle(new PostlineError('aborted', { targetId }));
    const request = new FollowRequest(isWanted);
    this.#requests.set(targetId, request);
    return request;
  }

  wants(targetId: string): boolean | undefined {
    return this.#requests.get(targetId)?.isWanted;
  }

  /** A new connection follows these targets already. */
  repeat(followed: { has(targetId: string): boolean }): void {
    for (const [targetId, request] of this.#requests) {
      const { isWanted, start } = request;
      if (isWanted !== followed.has(targetId) || start !== undefined) {
        this.#send(targetId, request);
      } else {
        request.settle();
        if (!isWanted) this.#requests.delete(targetId);
      }
    }
  }

  /** The relay follows the target, or does not any more. Returns the cursor in the last `follow` frame. */
  onAnswer(targetId: string, isFollowed: boolean): TargetCursor | undefined {
    const request = this.#requests.get(targetId);
    if (request?.isWanted === isFollowed) request.settle();
    else if (request?.isPending === false) this.#requests.delete(targetId); // the membership has changed since
    return request?.sent;
  }

  /** The relay refused a target. True if it was to be followed. */
  onError(error: PostlineError): boolean {
    const { relayCode, targetId = '' } = error;
    const request = this.#requests.get(targetId);
    const isRefusal = relayCode !== 'not_followed';
    if (relayCode === 'bad_ack' || request?.isWanted !== isRefusal) return false;
    request.settle(error);
    this.#requests.delete(targetId);
    return isRefusal;
  }

  close(error: PostlineError): void {
    for (const request of this.#requests.values()) request.settle(error);
  }

  /** Forgets a target that must not be followed, if there is no room: it matters only if the client is a member. */
  #makeRoom(wanted: string): void {
    if (this.#requests.size < REQUESTS_MAX) return;
    for (const [targetId, { isWanted, isPending }] of this.#requests)
      if (!isWanted && !isPending) return void this.#requests.delete(targetId);
    throw new PostlineError('relay_error', { relayCode: 'too_many_targets', targetId: wanted });
  }

  #send(targetId: string, request: FollowRequest): boolean {
    const { send, position } = this.#parts;
    if (!request.isWanted) return send({ type: 'unfollow', targetId });
    request.sent = request.start ?? position.cursorOf(targetId);
    return send({ type: 'follow', targetId, ...request.sent });
  }
}

function isTargetCursor({ epoch, offset }: TargetCursor = { epoch: '', offset: 0 }): boolean {
  return isCursor({ epoch, offsets: { offset } });
}
