import type { RedisAddress, RedisLocation } from '@postline/service-runtime';
import type { Redis } from 'ioredis';
import { ClusterLocator } from './cluster-locator.ts';
import { requireMaster } from '../redis-role.ts';
import { SentinelLocator } from './sentinel-locator.ts';

/** Finds the server to connect to; asked anew for each connection. */
export interface RedisLocator {
  readonly login: Pick<RedisAddress, 'username' | 'password'>;

  /** The server to connect to now; another one than `avoided` where there is a choice. */
  locate(signal: AbortSignal, avoided?: RedisAddress): Promise<RedisAddress>;

  /** Rejects unless what is published on this server reaches the subscribers of all. */
  verify(client: Redis): Promise<void>;
}

/** What finders that ask other servers need to know. */
export interface AskingTimes {
  /** How long one of them may take to answer. */
  readonly askDeadlineMs: number;
  /** How long one of them may be silent before the next one is asked too. */
  readonly askNextAfterMs: number;
}

export interface RedisLocatorOptions {
  readonly location: RedisLocation;
  readonly ca: string | undefined;
  readonly sentinelPassword: string | undefined;
  readonly times: AskingTimes;
}

export function createRedisLocator(options: RedisLocatorOptions): RedisLocator {
  const { location, ca, sentinelPassword, times } = options;
  switch (location.kind) {
    case 'server': {
      const server = withAuthority(location.server, ca);
      return { login: server, locate: () => Promise.resolve(server), verify: requireMaster };
    }
    case 'sentinel':
      return new SentinelLocator({
        sentinels: location.sentinels.map((sentinel) => withAuthority(sentinel, ca)),
        sentinelPassword,
        masterName: location.masterName,
        master: withAuthority(location.master, ca),
        times,
      });
    case 'cluster':
      return new ClusterLocator(
        location.nodes.map((node) => withAuthority(node, ca)),
        times,
      );
  }
}

/** With the certificates of a private authority, where TLS is used. */
function withAuthority<Access extends Pick<RedisAddress, 'tls'>>(
  access: Access,
  ca: string | undefined,
): Access {
  const { tls } = access;
  return tls === undefined || ca === undefined ? access : { ...access, tls: { ...tls, ca } };
}
