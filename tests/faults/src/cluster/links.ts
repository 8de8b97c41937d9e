import { TcpProxy } from '@postline/test-support';

/** The lines between the parts: a proxy for each service, so that one line can fail alone. */
export interface Links {
  /** By API. */
  readonly 'sender-API': readonly TcpProxy[];
  readonly 'API-MySQL': readonly TcpProxy[];
  readonly 'API-Redis': readonly TcpProxy[];
  /** By relay. */
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

/** No line has a proxy: nothing of a run passes through its own process. */
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
