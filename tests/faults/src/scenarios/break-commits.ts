import { isCommit, type PieceFate } from '@postline/test-support';
import type { Random } from '../random.ts';
import type { Run } from './run.ts';

/** How commits break, and what the report calls it. */
export interface BrokenCommits {
  readonly fate: PieceFate;
  readonly name: string;
}

/** The share of commits that break. */
const BROKEN_SHARE = 0.3;

/** From now on some commits of the APIs break. Returns a function for how many have. */
export function breakCommits(run: Run, random: Random, { fate, name }: BrokenCommits): () => number {
  let broken = 0;
  const isBroken = (piece: Buffer) => {
    if (!isCommit(piece) || !random.chance(BROKEN_SHARE)) return false;
    broken += 1;
    run.noteFault(name);
    return true;
  };
  for (const line of run.cluster.links['API-MySQL']) line.breakAt(isBroken, fate);
  return () => broken;
}
