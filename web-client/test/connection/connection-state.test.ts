import { PostlineError } from '@postline/client';
import { expect, it } from 'vitest';
import { activeClientId, connectionState, isConnected } from '../../src/connection/connection-state.ts';

const error = new PostlineError('closed_by_relay', { closeCode: 1012 });

it('shows the client’s state, with its error in words', () => {
  expect(connectionState('anna', { state: 'connecting' })).toEqual({ state: 'connecting', clientId: 'anna' });
  expect(connectionState('anna', { state: 'catching-up', connectionId: 'c', missed: 3 })).toEqual({
    state: 'catching-up',
    clientId: 'anna',
    missed: 3,
  });
  expect(connectionState('anna', { state: 'live', connectionId: 'c' })).toEqual({
    state: 'live',
    clientId: 'anna',
  });
  expect(connectionState('anna', { state: 'waiting', retryInMs: 250, error })).toEqual({
    state: 'waiting',
    clientId: 'anna',
    retryInMs: 250,
    reason: 'The relay is restarting. (code 1012)',
  });
});

it('is stopped if an error closed the client, idle if the user did', () => {
  expect(connectionState('anna', { state: 'closed', error })).toMatchObject({
    state: 'stopped',
    clientId: 'anna',
  });
  expect(connectionState('anna', { state: 'closed', error: undefined })).toEqual({ state: 'idle' });
});

it('says whose messages can arrive, and whether they can arrive now', () => {
  const waiting = connectionState('anna', { state: 'waiting', retryInMs: 250, error });
  expect([activeClientId(waiting), isConnected(waiting)]).toEqual(['anna', false]);
  const live = connectionState('anna', { state: 'live', connectionId: 'c' });
  expect([activeClientId(live), isConnected(live)]).toEqual(['anna', true]);
  expect(activeClientId({ state: 'stopped', clientId: 'anna', reason: '' })).toBeUndefined();
});
