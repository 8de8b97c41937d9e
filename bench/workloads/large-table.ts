/** Do ten million rows make publishing, catching up or identifying slower than an empty table? */
import { measureCatchUp } from './catch-up.ts';
import { measurePublishing } from './measure-publishing.ts';
import { measureStorm } from './reconnect-storm.ts';
import type { RunConditions, RunOutcome, Workload } from './workload.ts';

const PUBLISHERS = 64;

/** In this order: the recipients of `w1` are the clients that identify and miss messages afterwards. */
const PARTS: readonly (readonly [name: string, part: (conditions: RunConditions) => Promise<RunOutcome>])[] =
  [
    [
      'w1',
      (conditions) =>
        measurePublishing({ pace: { kind: 'closed-loop', publishers: PUBLISHERS } }, conditions),
    ],
    ['catch-up', measureCatchUp],
    ['identify', (conditions) => measureStorm({ idPrefix: 'client', missed: 0 }, conditions)],
    ['storm', (conditions) => measureStorm({ idPrefix: 'client', missed: 100 }, conditions)],
  ];

export const largeTable: Workload = {
  name: 'large-table',
  question: 'Do ten million rows of a million targets make w1, catch-up, identifying or storm slower?',
  setting:
    'w1, catch-up, 1,000 clients that reconnect with nothing missed, and with 100 messages each, in turn on an empty table and on one of 10,000,000 rows of 1,001,000 targets, the clients among them',
  systems: ['postline on 10 million rows', 'postline'],
  compared: [
    ...['w1: delivered', 'w1: all servers', 'catch-up: caught up', 'catch-up: all servers'],
    ...['identify: all identified', 'identify: all servers', 'storm: all caught up', 'storm: all servers'],
  ],
  onlyWhenNamed: true,
  run: async (conditions) => {
    const outcomes: RunOutcome[] = [];
    for (const [name, part] of PARTS)
      outcomes.push(nameParts(name, await part(partConditions(name, conditions))));
    return {
      figures: outcomes.flatMap(({ figures }) => figures),
      faults: outcomes.flatMap(({ faults }) => faults),
      profiles: outcomes.flatMap(({ profiles }) => profiles),
    };
  },
};

/** Each part has profiles of its own. */
function partConditions(name: string, conditions: RunConditions): RunConditions {
  const { profilePath } = conditions;
  return { ...conditions, profilePath: profilePath === undefined ? undefined : `${profilePath}-${name}` };
}

function nameParts(part: string, { figures, faults, profiles }: RunOutcome): RunOutcome {
  return {
    figures: figures.map((figure) => ({ ...figure, name: `${part}: ${figure.name.trim()}` })),
    faults: faults.map((fault) => `${part}: ${fault}`),
    profiles,
  };
}
