import type { HistoryQuery, Message, PostlineClient, PostlineError } from '@postline/client';
import { addMessages, dropAfter, type MessagesOptions, type MessagesView } from './messages-view.ts';

/** More would slow down most pages, and nobody reads that far back. */
const MESSAGES_MAX = 1_000;

/** The most that a relay returns at once. */
const PAGE_MESSAGES_MAX = 200;

interface Watch<Payload> {
  readonly client: PostlineClient<Payload>;
  readonly options: MessagesOptions;
  /** Replaces the component's view by the result; the same object means that nothing has changed. */
  readonly onChange: (change: (view: MessagesView<Payload>) => MessagesView<Payload>) => void;
  readonly onError: (error: PostlineError) => void;
}

/** Reports every change of a component's messages: earlier ones, once they can be requested, and new ones. */
export function watchMessages<Payload>({ client, options, onChange, onError }: Watch<Payload>): () => void {
  const { history = 0, target, max = MESSAGES_MAX } = options;
  const targetId = target === undefined ? undefined : String(target);
  let isStopped = false;
  let isRequested = history === 0;

  const change = (next: (messages: readonly Message<Payload>[]) => readonly Message<Payload>[]) =>
    onChange((view) => {
      const messages = next(view.messages);
      return messages === view.messages ? view : { ...view, messages };
    });

  const requestHistory = async () => {
    if (isRequested || !isFollowed(client, targetId)) return;
    isRequested = true;
    try {
      const earlier = await readHistory(client, targetId, Math.min(history, max));
      if (!isStopped) change((messages) => addMessages(messages, earlier, max));
    } catch (error) {
      isRequested = false;
      if (isStopped || client.state.state === 'closed') return;
      onError(error as PostlineError);
    }
    if (!isStopped) onChange((view) => ({ ...view, isLoading: false }));
  };

  const stops = [
    client.on('message', (message) => {
      if (targetId === undefined || message.targetId === targetId)
        change((messages) => addMessages(messages, [message], max));
    }),
    client.on('restarted', (restart) => change((messages) => dropAfter(messages, restart))),
    client.on('state', requestHistory),
    client.on('followed', requestHistory),
  ];
  void requestHistory();
  return () => {
    isStopped = true;
    for (const stop of stops) stop();
  };
}

/** Whether the relay sends messages of this target, so that it also answers a request for earlier ones. */
function isFollowed(
  { state, targets }: Pick<PostlineClient, 'state' | 'targets'>,
  targetId: string | undefined,
): boolean {
  if (state.state !== 'catching-up' && state.state !== 'live') return false;
  return targetId === undefined || targets.includes(targetId);
}

/** The newest `count` messages, oldest first; fewer if the log has no more. */
async function readHistory<Payload>(
  client: PostlineClient<Payload>,
  target: string | undefined,
  count: number,
): Promise<readonly Message<Payload>[]> {
  let messages: readonly Message<Payload>[] = [];
  let query: HistoryQuery = target === undefined ? {} : { target };
  while (messages.length < count) {
    const limit = Math.min(count - messages.length, PAGE_MESSAGES_MAX);
    const page = await client.history({ ...query, limit });
    messages = [...page.messages, ...messages];
    const before = page.messages[0]?.offset ?? 1;
    if (before === 1 || page.truncatedBefore !== null) break;
    query = { ...query, before };
  }
  return messages;
}
