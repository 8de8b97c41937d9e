import type { StoreCondition, StoreRisk } from '../../message-store.ts';
import type { ServerFacts } from '../sessions/server-facts.ts';

/** Describes the server for operators: its kind, and what they should know about it. */
export function conditionOf(server: ServerFacts, notes: readonly string[]): StoreCondition {
  const { name, identity, readOnlyBy } = server;
  return {
    server: { name, identity, text: [describe(server), ...notes].join('; ') },
    readOnlyBy,
    risks: [...clusterRisks(server), ...durabilityRisks(server)],
  };
}

/** For example `MariaDB 10.11.6, a node of a Galera cluster`. */
function describe({ isMariadb, version, isGalera, groupConsistency }: ServerFacts): string {
  const product = isMariadb ? `MariaDB ${version.replace(/-MariaDB.*/, '')}` : `MySQL ${version}`;
  if (isGalera) return `${product}, a node of a Galera cluster`;
  if (groupConsistency === undefined) return product;
  return `${product}, in a replication group with one primary (group_replication_consistency is ${groupConsistency})`;
}

function clusterRisks({ isGalera }: ServerFacts): readonly StoreRisk[] {
  if (!isGalera) return [];
  return [
    {
      key: 'wsrep_on',
      text: 'The database is a node of a Galera cluster (wsrep_on is ON): locks do not reach the other nodes. All services must use the same node.',
    },
  ];
}

/** The settings under which a confirmed COMMIT may not be on the server's disk yet. */
function durabilityRisks({ lateFlushes }: ServerFacts): readonly StoreRisk[] {
  return [...lateFlushes].map(([key, value]) => ({
    key,
    text: `The database's ${key} is ${value}: a crash of its machine may lose acknowledged messages. Set it to 1.`,
  }));
}
