import type { Message } from '@postline/client';

/** Which messages a component shows. */
export interface MessagesOptions {
  /** How many earlier messages to begin with. Default: 0, only new ones. */
  readonly history?: number | undefined;
  /** Only messages of this target: the client's own id, or a group that it follows. Default: all that it receives. */
  readonly target?: string | number | undefined;
  /** Keeps at most this many messages, the newest. Default: 1,000. */
  readonly max?: number | undefined;
}

/** The messages of a component. */
export interface MessagesView<Payload = string> {
  /** Oldest first, each once. Another array after each change. */
  readonly messages: readonly Message<Payload>[];
  /** Whether the earlier messages that were requested have not arrived yet. */
  readonly isLoading: boolean;
}

const EMPTY: MessagesView<never> = { messages: [], isLoading: false };
const LOADING: MessagesView<never> = { messages: [], isLoading: true };

/** Before anything has arrived: always the same objects, so that nothing renders because of them. */
export function emptyView({ history = 0 }: MessagesOptions): MessagesView<never> {
  return history > 0 ? LOADING : EMPTY;
}

/** Adds messages at their places; those that are there already stay as they are. The oldest beyond `max` are dropped. */
export function addMessages<Payload>(
  messages: readonly Message<Payload>[],
  added: readonly Message<Payload>[],
  max: number,
): readonly Message<Payload>[] {
  const all = [...messages];
  for (const message of added) insert(all, message);
  return all.length === messages.length ? messages : all.slice(Math.max(all.length - max, 0));
}

/** Within a target offsets decide, across targets times do. Most messages are the newest, so the search begins there. */
function insert<Payload>(messages: Message<Payload>[], message: Message<Payload>): void {
  let place = messages.length;
  for (let index = messages.length - 1; index >= 0; index -= 1) {
    const other = messages[index] as Message<Payload>;
    const isSameTarget = other.targetId === message.targetId;
    if (isSameTarget && other.offset === message.offset) return;
    if (isSameTarget && other.offset < message.offset) break;
    if (isSameTarget || other.createdAt > message.createdAt) place = index;
  }
  messages.splice(place, 0, message);
}

/** A log was restarted: what was after this offset is not in it any more, or arrives again. */
export function dropAfter<Payload>(
  messages: readonly Message<Payload>[],
  { targetId, offset }: { readonly targetId: string; readonly offset: number },
): readonly Message<Payload>[] {
  const kept = messages.filter((message) => message.targetId !== targetId || message.offset <= offset);
  return kept.length === messages.length ? messages : kept;
}
