import { expect, it } from 'vitest';
import { figuresOf } from '../../src/operations/figures-view.ts';
import { exampleState } from './example-state.ts';

const shown = (state = exampleState()) =>
  Object.fromEntries(figuresOf(state).map(({ title, value, more }) => [title, `${value}, ${more ?? ''}`]));

it('[OPP-4] shows the figures of the moment with their units', () => {
  expect(shown()).toEqual({
    Connections: '1,200, of at most 50,000',
    Clients: '1,100, 0 not identified yet',
    'Targets followed': '1,101, 1 of them a group',
    'Sent per second': '3.8, 1,000 since the start',
    'Delay, median': '3 ms, 99 % within 1.5 s',
    'Gaps repaired': '1, 3 since the start',
    'Hints lost': '2, of 1,000 since the start',
    'Comparisons of heads': '3, none failed',
    'Full sockets': '0, 0 B wait for slow clients',
    'Acks waiting': '0, to be stored',
  });
});

it('[OPP-4] marks what needs attention', () => {
  const { timeline } = exampleState();
  const state = exampleState({ timeline: { ...timeline, comparisonsFailed: [0, 2, 0, 0] } });
  expect(figuresOf(state).filter(({ isAlarming }) => isAlarming)).toMatchObject([
    { title: 'Comparisons of heads', more: '2 failed' },
  ]);
});
