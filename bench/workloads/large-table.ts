/** Do ten million rows make publishing or catching up slower than an empty table? */
import { measureCatchUp } from './catch-up.ts';
import { measurePublishing } from './measure-publishing.ts';
import type { RunConditions, RunOutcome, Workload } from './workload.ts';

const PUBLISHERS = 64;

export const largeTable: Workload = {
  name: 'large-table',
  question: 'Do ten million rows make publishing (w1) or catching up slower than an empty table?',
  setting:
    'w1 and then catch-up, in turn on an empty table and on one of 10,000,000 rows for the same targets',
  systems: ['postline on 10 million rows', 'postline'],
  compared: ['w1: delivered', 'w1: all servers', 'catch-up: caught up', 'catch-up: all servers'],
  onlyWhenNamed: true,
  run: async (conditions: RunConditions) => {
    const publishing = await measurePublishing(
      { pace: { kind: 'closed-loop', publishers: PUBLISHERS } },
      conditions,
    );
    const catchingUp = await measureCatchUp(conditions);
    return {
      figures: [...figuresOf('w1', publishing), ...figuresOf('catch-up', catchingUp)],
      faults: [...publishing.faults, ...catchingUp.faults],
      profiles: [...publishing.profiles, ...catchingUp.profiles],
    };
  },
};

function figuresOf(part: string, { figures }: RunOutcome) {
  return figures.map((figure) => ({ ...figure, name: `${part}: ${figure.name.trim()}` }));
}
