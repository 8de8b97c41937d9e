import { type ReceivedFrame, type RelayClient, waitUntil } from '@postline/test-support';

/** What `identified` says of a target. */
export function startOf({ frames }: RelayClient, targetId: string): unknown {
  const frame = frames.find(({ type }) => type === 'identified');
  return (frame?.['targets'] as Record<string, unknown> | undefined)?.[targetId];
}

/** Everything that a client got of a target, in words. */
export function seen({ frames }: RelayClient, targetId: string): string[] {
  return frames.filter((frame) => frame['targetId'] === targetId).map(wordsOf);
}

/** The n-th frame of a type, waited for. */
export function nthFrame(client: RelayClient, type: string, n: number): Promise<ReceivedFrame> {
  return waitUntil(`${n} frames ${type}`, () => client.frames.filter((each) => each.type === type)[n - 1]);
}

export function wordsOf(frame: ReceivedFrame): string {
  if (frame.type === 'new_message') return `${Number(frame['offset'])} ${String(frame['data'])}`;
  return `${frame.type} ${String(frame['cause'] ?? frame['reason'] ?? frame['code'])}`;
}
