import type { FollowedFrame, IdentifiedFrame, NewMessageFrame, UnfollowedFrame } from '@postline/protocol';
import type { ClientEventListeners, ClientState } from './client-events.ts';
import type { HistoryStart } from './client-options.ts';
import { type Cursor, type CursorStore, isCursor } from './cursor/cursor.ts';
import type { CursorKeeper } from './cursor/cursor-keeper.ts';
import type { StreamPosition } from './cursor/stream-position.ts';
import type { Acks } from './delivery/acks.ts';
import type { InboxStep, MessageDelivery } from './delivery/message-delivery.ts';
import { PostlineError } from './postline-error.ts';
import type { TokenKeeper } from './token/token-keeper.ts';
import type { FollowRequests } from './connection/follow-requests.ts';
import type { IdentifyFrame, RelayFrame } from './connection/frames.ts';
import type { HistoryRequests } from './connection/history-requests.ts';
import type { RelayLink } from './connection/relay-link.ts';

interface RelaySessionParts {
  readonly clientId: string | number;
  readonly deviceId?: string;
  readonly groups?: boolean;
  readonly cursorStore?: CursorStore | 'last-ack';
  readonly resume?: Cursor | HistoryStart;
  readonly events: ClientEventListeners;
  readonly position: StreamPosition;
  readonly keeper: CursorKeeper;
  readonly delivery: Pick<MessageDelivery<never>, 'isEmpty' | 'push' | 'step' | 'streamStart' | 'truncation'>;
  readonly tokens: TokenKeeper;
  readonly link: Pick<RelayLink, 'hold' | 'lose'>;
  readonly acks: Acks;
  readonly requests: FollowRequests;
  // <not in the script>
  readonly history: HistoryRequests;
  // </not in the script>
  readonly onState: (state: ClientState) => void;
}

/** What a client says at the beginning of a connection, and what it does with each frame of the relay. */
export class RelaySession {
  readonly #parts: RelaySessionParts;
  /** The followed targets, as the application knows them. */
  readonly #followed = new Set<string>();
  #isCursorLoaded = false;
  /** Whether `identify` named a position to resume from. */
  #hasAskedToResume = false;

  constructor(parts: RelaySessionParts) {
    this.#parts = parts;
  }

  get targets(): readonly string[] {
    return [...this.#followed];
  }

  /** The first frame of a connection. Rejects with a PostlineError, which is reported. */
  async prepareIdentify(): Promise<IdentifyFrame> {
    const { clientId, deviceId, groups, cursorStore, position, keeper, tokens, events } = this.#parts;
    const { resume: start } = this.#parts;
    try {
      if (!this.#isCursorLoaded) {
        const cursor = (await keeper.load()) ?? start;
        if (isCursor(cursor)) position.resumeFrom(cursor);
        this.#isCursorLoaded = true;
      }
      const token = await tokens.current();
      const known = position.resume() ?? (cursorStore === 'last-ack' ? cursorStore : undefined);
      this.#hasAskedToResume = known !== undefined;
      // A cursor would be known by now.
      const resume = known ?? (start as HistoryStart | undefined);
      return { type: 'identify', clientId: String(clientId), token, deviceId, groups, resume };
    } catch (error) {
      events.emit('error', error as PostlineError);
      throw error;
    }
  }

  onFrame(frame: RelayFrame): void {
    const { position, delivery, requests } = this.#parts;
    switch (frame.type) {
      case 'identified':
        return this.#onIdentified(frame);
      case 'new_message':
        return this.#onNewMessage(frame);
      case 'truncated': {
        const moved = position.skip(frame);
        if (moved !== undefined) this.#receive(delivery.truncation(frame, moved));
        return;
      }
      case 'followed':
        return this.#onFollowed(frame);
      case 'unfollowed':
        requests.onAnswer(frame.targetId, false);
        return this.leave(frame.targetId, frame.cause);
      // <not in the script>
      case 'history':
        return this.#parts.history.settle(frame.requestId, frame);
      // </not in the script>
      case 'error':
        return this.#onError(frame);
    }
  }

  /** The client does not follow the target any more. */
  leave(targetId: string, cause: UnfollowedFrame['cause']): void {
    const { position, events } = this.#parts;
    position.unfollow(targetId);
    if (this.#followed.delete(targetId)) events.emit('unfollowed', { targetId, cause });
  }

  #onIdentified(frame: IdentifiedFrame): void {
    const { position, keeper, delivery, tokens, acks, requests, onState } = this.#parts;
    const { connectionId, epoch } = frame;
    const targets = new Map([...frame.targets].filter(([id]) => requests.wants(id) !== false));
    const { missed, restarts, place } = position.begin({ epoch, targets }, this.#hasAskedToResume);
    acks.repeat();
    const isBehind = missed > 0 || !delivery.isEmpty;
    this.#noteTargets(targets);
    onState(isBehind ? { state: 'catching-up', connectionId, missed } : { state: 'live', connectionId });
    tokens.startRenewing();
    this.#receive(delivery.streamStart(restarts, () => keeper.start(place)));
    requests.repeat(frame.targets);
    // <not in the script>
    this.#parts.history.sendFirst();
    // </not in the script>
  }

  /** Reports groups that the client left while there was no connection. */
  #noteTargets(targets: IdentifiedFrame['targets']): void {
    for (const targetId of this.#followed) {
      const isWanted = this.#parts.requests.wants(targetId);
      if (!targets.has(targetId) && !isWanted)
        this.leave(targetId, isWanted === undefined ? 'left' : 'unfollowed');
    }
    for (const targetId of targets.keys()) this.#followed.add(targetId);
  }

  #onFollowed(frame: FollowedFrame): void {
    const { position, keeper, delivery, acks, requests, events } = this.#parts;
    const { type, ...followed } = frame;
    const { targetId, offset, recovered } = followed;
    const resumed = requests.onAnswer(targetId, true);
    const started = position.follow(frame);
    if (started !== undefined) {
      const { epoch } = started;
      const restarts = resumed && !recovered ? [{ targetId, epoch, lostOffset: resumed.offset, offset }] : [];
      this.#receive(delivery.streamStart(restarts, () => keeper.move(targetId, offset)));
    }
    acks.flush();
    if (this.#followed.has(targetId)) return; // again, after a reconnect
    this.#followed.add(targetId);
    events.emit('followed', followed);
  }

  #onError({ code, message, targetId, requestId }: Extract<RelayFrame, { type: 'error' }>): void {
    const { requests, events } = this.#parts;
    const error = new PostlineError('relay_error', { relayCode: code, targetId, cause: message });
    // <not in the script>
    if (requestId !== undefined) return this.#parts.history.settle(requestId, error);
    // </not in the script>
    if (targetId !== undefined && requests.onError(error)) this.leave(targetId, 'token');
    events.emit('error', error);
  }

  #onNewMessage(frame: NewMessageFrame): void {
    const { position, delivery, link } = this.#parts;
    const place = position.place(frame);
    if (place === 'repeat') return;
    // A missing message is never skipped: the next connection resumes after the last one that was received.
    if (place === 'gap') return link.lose(new PostlineError('gap'));
    this.#receive(delivery.step(frame, place, frame.offset <= (place.head ?? 0)));
  }

  #receive(step: InboxStep): void {
    const { delivery, link } = this.#parts;
    if (!delivery.push(step)) link.hold();
  }
}
