import type { RedisAddress } from '@postline/service-runtime';
import { openRedisSocket } from './redis-connector.ts';

/** A Redis that refuses a connection sends its reason at once. */
const REFUSAL_DEADLINE_MS = 500;
/** The longest refusal, that of protected mode, is about a kilobyte. */
const REFUSAL_BYTES_MAX = 4_096;

/** Reads the error that Redis sends before it closes a new connection; undefined if Redis sends none. */
export function readRefusal(address: RedisAddress): Promise<Error | undefined> {
  const socket = openRedisSocket(address);
  return new Promise((resolve) => {
    let text = '';
    const finish = () => {
      clearTimeout(timer);
      socket.destroy();
      const line = /^-([^\r\n]+)/.exec(text)?.[1];
      resolve(line === undefined ? undefined : new Error(line));
    };
    const timer = setTimeout(finish, REFUSAL_DEADLINE_MS);
    socket.setEncoding('latin1');
    socket.on('data', (piece: string) => {
      text += piece;
      if (text.includes('\n') || text.length > REFUSAL_BYTES_MAX) finish();
    });
    socket.on('close', finish);
  });
}
