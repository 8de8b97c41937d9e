import { BusUnavailableError } from '@postline/message-bus';
import { StoreUnavailableError } from '@postline/message-store';
import { expect, it } from 'vitest';
import { createDisconnectClient } from '../../src/upkeep/disconnect-client.ts';

const REQUEST = { clientId: '1', refuseTokens: true };
const disconnect = () => Promise.resolve({ position: 1, tokensRefusedUpTo: 7 });
const HINT = { hintDeadlineMs: 20 };

it('[SEC-5] a committed disconnect succeeds, whether or not its hint is published', async () => {
  const heard: string[] = [];
  const outcome = async (notify: () => Promise<void>) =>
    await createDisconnectClient({ store: { disconnect }, publisher: { notify }, ...HINT })(REQUEST);
  const said = { kind: 'disconnected', tokensRefusedUpTo: 7 };
  const told = async () => {
    heard.push('told');
    await Promise.resolve();
  };
  expect(await outcome(told)).toEqual({ ...said, status: 'sent' });
  expect(heard).toEqual(['told']);
  expect(await outcome(() => Promise.reject(new BusUnavailableError('away')))).toEqual({
    ...said,
    status: 'stored',
  });
  expect(await outcome(() => new Promise(() => undefined))).toEqual({ ...said, status: 'stored' });
});

it('[SEC-5] a failed disconnect publishes no hint', async () => {
  const notify = () => Promise.reject(new Error('was called'));
  const store = { disconnect: () => Promise.reject(new StoreUnavailableError('away', undefined)) };
  expect(await createDisconnectClient({ store, publisher: { notify }, ...HINT })(REQUEST)).toEqual({
    kind: 'store-unavailable',
  });
});
