import { createConnection } from 'node:net';

/** A server on this machine that runs answers at once. */
const ANSWER_MS = 1_000;

/**
 * Sends one command to a Redis, a sentinel or a cluster node on a port of this machine; resolves with the beginning of its
 * answer as the server writes it, `+PONG\r\n`, and rejects if there is none. For short answers.
 */
export function askRedis(port: number, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ host: '127.0.0.1', port });
    socket.setTimeout(ANSWER_MS, () => {
      socket.destroy(new Error(`no answer to ${command} on port ${port}`));
    });
    socket.once('error', reject);
    socket.once('data', (answer) => {
      socket.destroy();
      resolve(answer.toString('latin1'));
    });
    socket.write(`${command}\r\n`);
  });
}

/** The bulk strings of an answer to `askRedis`. */
export function bulkStrings(answer: string): string[] {
  return answer.split('\r\n').filter((line) => line !== '' && !/^[*$+:-]/.test(line));
}
