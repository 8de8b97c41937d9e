import { expect, it } from 'vitest';
import { type BusStateChange, createStateReport } from '../../src/redis/bus-state.ts';

it('[BUS-3] each change is told once', () => {
  const changes: BusStateChange[] = [];
  const report = createStateReport('publisher', (change) => changes.push(change));
  const reason = new Error('away');
  report('down', reason);
  report('down', new Error('still away'));
  report('up');
  report('up');
  report('down', reason);
  expect(changes).toEqual([
    { end: 'publisher', state: 'down', reason },
    { end: 'publisher', state: 'up' },
    { end: 'publisher', state: 'down', reason },
  ]);
});

it('nobody has to listen', () => {
  createStateReport('subscriber', undefined)('up');
});
