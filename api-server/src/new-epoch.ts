/** `node api-server/dist/new-epoch.js` in the image, which does not contain the command line. */
import { runOperatorCommand } from '@postline/operator-commands';

await runOperatorCommand('new-epoch', process.argv.slice(2));
