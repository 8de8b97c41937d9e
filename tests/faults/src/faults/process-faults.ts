import { waitUntil } from '@postline/test-support';
import { isAlive } from '../cluster/is-alive.ts';
import type { Cluster } from '../cluster/cluster.ts';
import type { ServiceNode } from '../cluster/service-node.ts';
import type { FaultKind, Mend } from './fault-kind.ts';
import { holdCounter } from './hold-counter.ts';

const INSTANCES = 2;
/** Redis stops at once, but a database first writes its pages. */
const SERVER_STOP_MS = 15_000;

function serviceFaults(
  place: 'API' | 'relay',
  nodes: (cluster: Cluster) => readonly ServiceNode[],
): FaultKind[] {
  const node = (cluster: Cluster, instance: number): ServiceNode => {
    const found = nodes(cluster)[instance];
    if (found === undefined) throw new RangeError(`there is no ${place} ${instance}`);
    return found;
  };
  const kind = (
    fault: string,
    lastsMs: FaultKind['lastsMs'],
    begin: (hit: ServiceNode) => Promise<Mend>,
  ): FaultKind => ({
    fault,
    place,
    lastsMs,
    instances: INSTANCES,
    inject: (cluster, instance) => begin(node(cluster, instance)),
  });
  return [
    kind('kill -9', [50, 2_500], async (hit) => {
      await hit.kill();
      return () => hit.start();
    }),
    kind('SIGTERM', [50, 1_500], async (hit) => {
      await hit.stop();
      return () => hit.start();
    }),
    kind('SIGSTOP', [200, 6_000], (hit) => {
      hit.freeze();
      return Promise.resolve(() => hit.thaw());
    }),
  ];
}

interface Server {
  readonly pid: () => number;
  readonly freeze: () => void;
  readonly thaw: () => void;
  readonly kill: () => Promise<void>;
  readonly startAgain: () => Promise<void>;
}

function serverFaults(place: 'Redis' | 'MySQL', server: (cluster: Cluster) => Server): FaultKind[] {
  const once = { place, instances: 1 } as const;
  return [
    {
      ...once,
      fault: 'kill -9',
      lastsMs: [50, 3_000],
      inject: async (cluster) => {
        await server(cluster).kill();
        return () => server(cluster).startAgain();
      },
    },
    {
      ...once,
      fault: 'SIGTERM',
      lastsMs: [50, 1_500],
      inject: async (cluster) => {
        await endServer(server(cluster));
        return () => server(cluster).startAgain();
      },
    },
    {
      ...once,
      fault: 'SIGSTOP',
      lastsMs: [200, 6_000],
      inject: (cluster) => {
        server(cluster).freeze();
        return () => server(cluster).thaw();
      },
    },
  ];
}

async function endServer(server: Server): Promise<void> {
  const pid = server.pid();
  process.kill(pid, 'SIGTERM');
  await waitUntil(`the server ${pid} has ended`, () => !isAlive(pid), SERVER_STOP_MS).catch(() => undefined);
  await server.kill();
}

/** Another program's transaction that stays open on a target with messages. */
function heldCounter(targetId: string): FaultKind {
  return {
    fault: 'held by a transaction',
    place: 'a counter',
    lastsMs: [500, 4_000],
    instances: 1,
    inject: ({ database }) => holdCounter(database.url, targetId),
  };
}

/** The faults of processes, and that of a transaction on `heldTargetId`. */
export function processFaults(heldTargetId: string): FaultKind[] {
  return [
    ...serviceFaults('API', ({ apis }) => apis),
    ...serviceFaults('relay', ({ relays }) => relays),
    ...serverFaults('Redis', ({ servers }) => servers.redis),
    ...serverFaults('MySQL', ({ servers }) => servers.database),
    heldCounter(heldTargetId),
  ];
}
