import { TcpProxy } from '@postline/test-support';

/** The links between the processes. Each service has its own proxy, so a single link can fail. */
export interface Links {
  /** One for each API. */
  readonly 'sender-API': readonly TcpProxy[];
  readonly 'API-MySQL': readonly TcpProxy[];
  readonly 'API-Redis': readonly TcpProxy[];
  /** One for each relay. */
  readonly 'relay-MySQL': readonly TcpProxy[];
  readonly 'relay-Redis': readonly TcpProxy[];
  readonly 'client-relay': readonly TcpProxy[];
}

export type LinkName = keyof Links;

export interface LinkedPorts {
  readonly database: number;
  readonly redis: number;
  readonly apis: readonly number[];
  readonly relays: readonly number[];
}

export async function startLinks({ database, redis, apis, relays }: LinkedPorts): Promise<Links> {
  const each = (ports: readonly number[]) => Promise.all(ports.map((port) => TcpProxy.start(port)));
  return {
    'sender-API': await each(apis),
    'API-MySQL': await each(apis.map(() => database)),
    'API-Redis': await each(apis.map(() => redis)),
    'relay-MySQL': await each(relays.map(() => database)),
    'relay-Redis': await each(relays.map(() => redis)),
    'client-relay': await each(relays),
  };
}

/** No link has a proxy, so none of the traffic passes through this process. */
export const NO_LINKS: Links = {
  'sender-API': [],
  'API-MySQL': [],
  'API-Redis': [],
  'relay-MySQL': [],
  'relay-Redis': [],
  'client-relay': [],
};

export function allProxies(links: Links): TcpProxy[] {
  return Object.values<readonly TcpProxy[]>({ ...links }).flat();
}
