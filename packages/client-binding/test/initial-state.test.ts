import { expect, it } from 'vitest';
import { initialState } from '../src/initial-state.ts';

it('[BND-8] a client that will connect counts as connecting before it exists', () => {
  expect(initialState({}).state).toBe('connecting');
  expect(initialState({ autoConnect: true })).toBe(initialState({}));
  expect(initialState({ autoConnect: false }).state).toBe('disconnected');
});
