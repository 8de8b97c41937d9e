import type { RedisAddress, RedisLocation } from '@postline/service-runtime';
import { requireMaster } from '../redis-role.ts';
import { ClusterLocator } from './cluster-locator.ts';
import type { AskingTimes, RedisLocator } from './redis-locator.ts';
import { SentinelLocator } from './sentinel-locator.ts';

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

/** Adds the certificates of a private authority, if the address uses TLS. */
function withAuthority<Access extends Pick<RedisAddress, 'tls'>>(
  access: Access,
  ca: string | undefined,
): Access {
  const { tls } = access;
  return tls === undefined || ca === undefined ? access : { ...access, tls: { ...tls, ca } };
}
