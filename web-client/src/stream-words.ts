import type { StreamStart } from './stream-position.ts';

/** What is to be told when a stream starts: nothing where it just goes on, or where there is nothing to go on from. */
export function startWords({ backlog, restarted, resumed }: StreamStart, isListEmpty: boolean): string[] {
  const words: string[] = [];
  if (restarted) words.push('The log was restarted: what follows may have been shown before.');
  if (resumed && backlog > 0) words.push(`Connected again. ${caughtUp(backlog)}`);
  if (resumed && backlog === 0 && !isListEmpty) words.push('Connected again. Nothing was missed.');
  return words;
}

/** The one case in which a message is missing for good. */
export function truncatedWords(from: number, to: number): string {
  return from === to
    ? `Message ${from} was deleted by the retention rule before it could be shown.`
    : `Messages ${from} to ${to} were deleted by the retention rule before they could be shown.`;
}

function caughtUp(backlog: number): string {
  return backlog === 1 ? 'One message was waiting:' : `${backlog} messages were waiting:`;
}
