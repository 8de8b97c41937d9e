import { it } from 'vitest';
import { manyMachines } from '../faults/src/scenarios/many-machines.ts';
import { useScenarios } from '../faults/test/support/use-scenarios.ts';

const passes = useScenarios();

it('[REL-19] two APIs and three relays behind HAProxy, killed and drained in turn, while Redis and the primary move', async () => {
  await passes('many-machines', manyMachines);
});
