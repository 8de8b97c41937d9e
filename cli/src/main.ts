import { isOperatorCommand, runOperatorCommand, runProgram } from '@postline/operator-commands';
import { endWithOutput } from './output/end-with-output.ts';
import { createProgram } from './program.ts';

endWithOutput(process.stdout);
endWithOutput(process.stderr);

const words = process.argv.slice(2);
const [first = '', ...rest] = words;
/** `npm run keys`, `npm run new-epoch` and `npm run token` show the names and help of npm scripts. */
const isScript =
  isOperatorCommand(first) && (first !== 'token' || process.env['npm_lifecycle_event'] === first);
if (isScript) await runOperatorCommand(first, rest);
else await runProgram(createProgram(), words);
