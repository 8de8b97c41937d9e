/**
 * `npm run bench:beside`: what this build costs beside another one. Both are up at once, and load alternates between them in
 * slices of a second or two. The speed of a shared machine changes within minutes, by more than builds differ: it is the
 * same for two slices that follow each other. Work that happens by the clock counts in each system's own slices only.
 */
import { resolve } from 'node:path';
import { type FigureSummary, summarise } from '../measure/figure.ts';
import { percentile } from '../measure/statistics.ts';
import { formatTable } from '../report/table.ts';
import { moveThisProcess, planCores } from '../system/cores.ts';
import { findNodes } from '../system/find-nodes.ts';
import { describeMachine, readMachine } from '../system/machine.ts';
import { BARE_PARTS, BESIDE_USAGE, type BesideArguments, parseBesideArguments } from './arguments.ts';
import { middleHalf, ratiosOf } from './ratios.ts';
import { Side, type SliceCost } from './side.ts';

const WARM_UP_SLICE_MS = 3_000;
/** Warms code up before a slow pace is measured. */
const FAST = { pace: { kind: 'closed-loop', publishers: 16 }, messagesPerRequest: 1 } as const;

const given = readArguments();
const cores = planCores();
moveThisProcess(cores, 'load');
const nodePath = findNodes(given.node === undefined ? [] : [given.node])[0]?.path ?? process.execPath;
const machine = await readMachine([process.pid]);
console.log(
  `${cores.said}\n${describeMachine(machine)}\n${given.pairs} pairs of slices of ${given.sliceMs} ms`,
);
const other =
  given.other === BARE_PARTS
    ? await Side.start({ name: BARE_PARTS, kind: BARE_PARTS, nodePath }, cores)
    : await Side.start({ name: 'other', kind: 'postline', nodePath, root: resolve(given.other) }, cores);
const present = await Side.start({ name: 'this', kind: 'postline', nodePath }, cores);
const sides = [other, present];
await compare(given);
const faults = sides.flatMap((side) => side.faults());
if (faults.length > 0) console.log(`\nNO RESULT:\n  ${faults.join('\n  ')}`);
for (const side of sides) await side.stop();
process.exit(faults.length > 0 ? 1 : 0);

async function compare({ load, pairs, sliceMs, warmUpSeconds }: BesideArguments): Promise<void> {
  const warmUp = load.pace.kind === 'open-loop' ? FAST : load;
  for (let ms = 0; ms < warmUpSeconds * 1_000; ms += WARM_UP_SLICE_MS) {
    for (const side of sides) await side.slice(warmUp, WARM_UP_SLICE_MS);
  }
  const start = performance.now();
  const costs = new Map<Side, SliceCost[]>(sides.map((side) => [side, []]));
  for (let pair = 0; pair < pairs; pair += 1) {
    for (const side of pair % 2 === 0 ? sides : sides.toReversed()) {
      costs.get(side)?.push(await side.slice(load, sliceMs));
    }
  }
  for (const side of sides) {
    console.log(`\n${side.name}\n${formatTable(tableOf(costs.get(side) ?? []))}`);
    const arrivals = side.arrivalsSince(start);
    const [p50, p99] = [percentile(arrivals, 0.5), percentile(arrivals, 0.99)];
    console.log(`send to arrival: p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms`);
  }
  const ratios = ratiosOf(costs.get(present) ?? [], costs.get(other) ?? []);
  console.log(`\nthis build as a share of the other, pair by pair (range: the middle half)`);
  console.log(formatTable(ratios.map(middleHalf)));
}

function tableOf(costs: readonly SliceCost[]): FigureSummary[] {
  return summarise(
    costs.map(({ all, byRole, messagesPerSecond }) => [
      { name: 'accepted', unit: 'per s', value: messagesPerSecond },
      { name: 'all servers', unit: 'ms CPU per 1,000', value: all },
      ...[...byRole].map(([role, value]) => ({ name: `  ${role}`, unit: 'ms CPU per 1,000', value })),
    ]),
  );
}

function readArguments(): BesideArguments {
  try {
    return parseBesideArguments(process.argv.slice(2));
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n${BESIDE_USAGE}`);
    process.exit(2);
  }
}
