/** A process that migrates, and says each step: to be killed, or to race with another one. */
import { migrate } from '../../src/mysql/index.ts';

const [databaseUrl = '', folder = ''] = process.argv.slice(2);

const result = await migrate({
  databaseUrl,
  folder,
  onEvent: (event) => process.stdout.write(`${JSON.stringify(event)}\n`),
});
process.stdout.write(`${JSON.stringify(result)}\n`);
