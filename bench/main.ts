/** `npm run bench`: measures the built system on servers that it starts; see `--help`. */
import { helpText, parseArguments } from './arguments.ts';
import { runWorkload } from './run-workload.ts';
import { planCores } from './system/cores.ts';
import { WORKLOADS } from './workloads/all-workloads.ts';

const parsed = parseArguments(process.argv.slice(2), WORKLOADS);
switch (parsed.kind) {
  case 'help':
    console.log(helpText(WORKLOADS));
    break;
  case 'refused':
    console.error(parsed.reason);
    process.exitCode = 1;
    break;
  case 'run': {
    const cores = planCores();
    const chosen = WORKLOADS.filter(({ name }) => parsed.arguments.workloads.includes(name));
    for (const workload of chosen) {
      const isResult = await runWorkload(workload, cores, parsed.arguments);
      if (!isResult) process.exitCode = 1;
    }
    process.exit();
  }
}
