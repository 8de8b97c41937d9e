/** `node websocket-server/dist/token.js CLIENT_ID` in the image, which does not contain the command line. */
import { runOperatorCommand } from '@postline/operator-commands';

await runOperatorCommand('token', process.argv.slice(2));
