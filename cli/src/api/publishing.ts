import { PostlinePublisher, type PublishedMessage, PublishError } from '@postline/client';
import { CommandFailure } from '@postline/operator-commands';
import { type ApiConnection, optionFailure } from '../connection-options.ts';
import type { Column } from '../output/output.ts';
import { unreachable } from './api-client.ts';

/** Throws a CommandFailure if the address or the key can't be used. */
export function createPublisher({ url, key }: ApiConnection, totalMsMax: number): PostlinePublisher {
  try {
    return new PostlinePublisher({ url, totalMsMax, ...(key !== undefined && { key }) });
  } catch (error) {
    throw optionFailure(error);
  }
}

/** The record to print for the API's answer. */
export function publishedRecord({ replayed, ...answer }: PublishedMessage): object {
  return replayed ? { ...answer, replayed } : answer;
}

export const PUBLISHED_COLUMNS: readonly Column<PublishedMessage>[] = [
  { title: 'TARGET', text: ({ targetId }) => targetId, style: 'cyan' },
  { title: 'OFFSET', text: ({ offset }) => String(offset) },
  {
    title: 'STATUS',
    text: ({ status, replayed }) => (replayed ? 'replayed' : status),
    style: ({ status }) => (status === 'sent' ? 'green' : 'yellow'),
  },
  { title: 'STORED AT', text: ({ createdAt }) => createdAt, style: 'dim' },
  { title: 'ID', text: ({ id }) => id },
];

/** Converts an error of the SDK to the failure of a command. */
export function publishFailure(error: unknown, url: string): CommandFailure {
  if (!(error instanceof PublishError)) throw error;
  if (error.code === 'unreachable') return unreachable(url, error.cause);
  // The SDK's message ends with code and status, which a command prints at the beginning.
  const message = error.message.replace(/ \([a-z_]+, status \d+\)$/, '');
  return new CommandFailure(message, { code: error.code, cause: error });
}
