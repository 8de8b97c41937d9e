/**
 * `npm run bench:beside`: what this build costs beside other builds and peers. All are up at once, and load goes from one to
 * the next in slices of a second or two. The speed of a shared machine changes within minutes, by more than builds differ:
 * it is the same for slices that follow each other. Work that happens by the clock counts in each system's own slices only.
 */
import { moveThisProcess, planCores } from '../system/cores.ts';
import { findNodes } from '../system/find-nodes.ts';
import { describeMachine, readMachine } from '../system/machine.ts';
import { BESIDE_USAGE, type BesideArguments, parseBesideArguments, THIS_BUILD } from './arguments.ts';
import { describeRatios, describeSide } from './comparison.ts';
import { orderOf } from './rounds.ts';
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
  `${cores.said}\n${describeMachine(machine)}\n${given.rounds} rounds of slices of ${given.sliceMs} ms`,
);
const others: Side[] = [];
for (const other of given.others) others.push(await Side.start({ ...other, nodePath }, cores));
const present = await Side.start({ name: THIS_BUILD, kind: 'postline', nodePath }, cores);
const sides = [...others, present];
await warmUp(given);
tell(await measure(given));
const faults = sides.flatMap((side) => side.faults());
if (faults.length > 0) console.log(`\nNO RESULT:\n  ${faults.join('\n  ')}`);
for (const side of sides) await side.stop();
process.exit(faults.length > 0 ? 1 : 0);

async function warmUp({ load, warmUpSeconds }: BesideArguments): Promise<void> {
  const warmUpLoad = load.pace.kind === 'open-loop' ? FAST : load;
  for (let ms = 0; ms < warmUpSeconds * 1_000; ms += WARM_UP_SLICE_MS) {
    for (const side of sides) await side.slice(warmUpLoad, WARM_UP_SLICE_MS);
  }
}

async function measure({ load, rounds, sliceMs }: BesideArguments): Promise<Map<Side, SliceCost[]>> {
  const slices = new Map<Side, SliceCost[]>(sides.map((side) => [side, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const side of orderOf(sides, round)) slices.get(side)?.push(await side.slice(load, sliceMs));
  }
  return slices;
}

function tell(slices: ReadonlyMap<Side, readonly SliceCost[]>): void {
  const measured = (side: Side) => ({ name: side.name, slices: slices.get(side) ?? [] });
  for (const side of sides) console.log(`\n${describeSide(measured(side))}`);
  for (const other of others) console.log(`\n${describeRatios(measured(present), measured(other))}`);
}

function readArguments(): BesideArguments {
  try {
    return parseBesideArguments(process.argv.slice(2));
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n${BESIDE_USAGE}`);
    process.exit(2);
  }
}
