/** `node api-server/dist/keys.js new NAME` in the image, which does not contain the command line. */
import { runOperatorCommand } from '@postline/operator-commands';

await runOperatorCommand('keys', process.argv.slice(2));
