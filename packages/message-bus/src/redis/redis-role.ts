import type { Redis } from 'ioredis';
import { BusUnavailableError } from '../message-bus.ts';

/**
 * Rejects if the server is a replica: messages published there do not reach the master's subscribers. It reads the role
 * from `HELLO`, which needs no right, or from `ROLE` on servers before version 6. A server without both commands, like
 * some proxies, counts as a master.
 */
export async function requireMaster(client: Redis): Promise<void> {
  const role = (await roleByHello(client)) ?? (await roleByCommand(client));
  if (role !== 'replica' && role !== 'slave') return;
  const text = 'Redis is a replica, not the master';
  throw new BusUnavailableError(text, undefined, { kind: 'replica', text });
}

async function roleByHello(client: Redis): Promise<unknown> {
  const answer = await unlessUnknown(client.call('HELLO', '3')); // the protocol that the driver speaks
  if (!Array.isArray(answer)) return undefined;
  const fields: unknown[] = answer;
  return fields[fields.indexOf('role') + 1];
}

async function roleByCommand(client: Redis): Promise<unknown> {
  const answer = await unlessUnknown(client.call('ROLE'));
  return Array.isArray(answer) ? (answer as unknown[])[0] : undefined;
}

/** Resolves to undefined if the server does not know the command, or does not allow it on this connection. */
async function unlessUnknown(answer: Promise<unknown>): Promise<unknown> {
  try {
    return await answer;
  } catch (error) {
    if (/unknown command|NOPROTO|NOPERM|subscriber mode/i.test(String(error))) return undefined;
    throw error;
  }
}
