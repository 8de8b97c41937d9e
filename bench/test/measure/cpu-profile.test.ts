import { expect, it } from 'vitest';
import { selfTimesByFunction, selfTimesByModule } from '../../measure/cpu-profile.ts';

const frame = (functionName: string, url: string, lineNumber = 0) => ({
  functionName,
  url,
  lineNumber,
  columnNumber: 0,
});
const profile = {
  nodes: [
    { id: 1, callFrame: frame('(idle)', '') },
    { id: 2, callFrame: frame('send', 'file:///p/node_modules/ws/lib/sender.js', 353) },
    { id: 3, callFrame: frame('', 'file:///p/websocket-server/dist/feed.js', 9) },
    { id: 4, callFrame: frame('parse', 'file:///p/node_modules/@scope/name/lib/a.js', 1) },
    { id: 5, callFrame: frame('(garbage collector)', '') },
    { id: 6, callFrame: frame('send', 'file:///p/node_modules/ws/lib/sender.js', 353) }, // by another caller
  ],
  samples: [1, 2, 3, 6, 4, 5],
  timeDeltas: [500, 30, 20, 20, 20, 10],
};

it('counts a function once wherever it was called from, and idle time not at all', () => {
  expect(selfTimesByFunction(profile, 2)).toEqual([
    { place: 'send ws/lib/sender.js:354', percent: 50 },
    { place: '(anonymous) websocket-server/dist/feed.js:10', percent: 20 },
  ]);
});

it('counts by package too', () => {
  expect(selfTimesByModule(profile, 10).map(({ place, percent }) => [place, percent])).toEqual([
    ['ws', 50],
    ['websocket-server/dist', 20],
    ['@scope/name', 20],
    ['(garbage collector)', 10],
  ]);
});
