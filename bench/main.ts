/** `npm run bench`: measures the built system on servers that it starts; see `--help`. */
import type { NodeBinary } from '@postline/test-support';
import { helpText, parseArguments } from './arguments.ts';
import { runWorkload } from './run-workload.ts';
import { planCores } from './system/cores.ts';
import { findNodes } from './system/find-nodes.ts';
import { WORKLOADS } from './workloads/all-workloads.ts';

const parsed = parseArguments(process.argv.slice(2), WORKLOADS);
switch (parsed.kind) {
  case 'help':
    console.log(helpText(WORKLOADS));
    break;
  case 'refused':
    console.error(parsed.reason);
    process.exitCode = 2;
    break;
  case 'run': {
    const nodes = nodesOrExit(parsed.arguments.nodes);
    const cores = planCores();
    const chosen = WORKLOADS.filter(({ name }) => parsed.arguments.workloads.includes(name));
    for (const workload of chosen) {
      const isResult = await runWorkload(workload, cores, { ...parsed.arguments, nodes });
      if (!isResult) process.exitCode = 1;
    }
    process.exit();
  }
}

function nodesOrExit(words: readonly string[]): NodeBinary[] {
  try {
    return findNodes(words);
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exit(2);
  }
}
