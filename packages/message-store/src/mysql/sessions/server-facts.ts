import type { Variables } from './session-variables.ts';

/** Facts about the server behind a session. Servers on which the guarantees would not hold are refused here. */
export interface ServerFacts {
  readonly isMariadb: boolean;
  readonly version: string;
  /** The host and port that the server itself reports. */
  readonly name: string;
  /** Different for each server. */
  readonly identity: string;
  /** The setting that makes the server read-only; undefined if it takes writes. */
  readonly readOnlyBy: string | undefined;
  /** It is a node of a Galera cluster. */
  readonly isGalera: boolean;
  /** `group_replication_consistency` in a replication group; undefined if the server is not a member of one. */
  readonly groupConsistency: string | undefined;
  /** Settings under which a confirmed COMMIT may not be on the server's disk yet, and their values. */
  readonly lateFlushes: ReadonlyMap<string, string>;
}

/** If any of these is on, the server is only for reading: it is a replica, or was replaced. */
const READ_ONLY_VARIABLES = ['super_read_only', 'read_only', 'innodb_read_only'] as const;

/** The server can't keep the guarantees, whatever the session's settings. */
export class TopologyRefusedError extends Error {
  readonly code = 'topology_refused';

  constructor(what: string) {
    super(what);
    this.name = 'TopologyRefusedError';
  }
}

/** The server takes no writes: it is a replica, or a primary that was replaced. */
export class ServerReadOnlyError extends Error {
  readonly code = 'read_only';

  constructor(variable: string) {
    super(`${variable} is on`);
    this.name = 'ServerReadOnlyError';
  }
}

/** This cluster node has lost the others, or is not synchronized with them yet. */
class NodeNotReadyError extends Error {
  readonly code = 'node_not_ready';

  constructor(what: string) {
    super(what);
    this.name = 'NodeNotReadyError';
  }
}

/**
 * Throws a TopologyRefusedError if the server can't keep the guarantees, and a NodeNotReadyError if the node is not
 * ready yet.
 */
export function readServerFacts(variables: Variables): ServerFacts {
  checkProduct(variables);
  checkReplicationGroup(variables);
  checkNode(variables);
  const version = variables.get('version') ?? '';
  const name = `${variables.get('hostname') ?? ''}:${variables.get('port') ?? ''}`;
  return {
    isMariadb: version.includes('MariaDB'),
    version,
    name,
    identity: [variables.get('server_uuid') ?? '', variables.get('server_id') ?? '', name].join(' '),
    readOnlyBy: READ_ONLY_VARIABLES.find((variable) => isOn(variables, variable)),
    isGalera: isOn(variables, 'wsrep_on'),
    groupConsistency: isInGroup(variables) ? variables.get('group_replication_consistency') : undefined,
    lateFlushes: readLateFlushes(variables),
  };
}

/** A missing variable counts as off. MariaDB 12 has more values for a read-only server. */
function isOn(variables: Variables, name: string): boolean {
  return !['OFF', '0', ''].includes(variables.get(name) ?? '');
}

/** Servers that speak the protocol, but whose row locks or sessions differ from those of MySQL. */
const OTHER_PRODUCTS = /\b(TiDB|Vitess)\b/i;

function checkProduct(variables: Variables): void {
  const texts = [variables.get('version') ?? '', variables.get('version_comment') ?? ''];
  const product = texts.map((text) => OTHER_PRODUCTS.exec(text)?.[1]).find(Boolean);
  if (product === undefined) return;
  throw new TopologyRefusedError(
    `DATABASE_URL leads to ${product}, whose row locks are not those of MySQL and MariaDB (version is ${texts[0] ?? ''})`,
  );
}

function isInGroup(variables: Variables): boolean {
  return (variables.get('group_replication_group_name') ?? '') !== '';
}

/**
 * With this level, a new primary answers only after it has applied what the old one had committed. All higher levels do
 * the same.
 */
const LEAST_CONSISTENCY = 'BEFORE_ON_PRIMARY_FAILOVER';
const TOO_LOW_CONSISTENCIES: ReadonlySet<string> = new Set(['EVENTUAL', '']);

function checkReplicationGroup(variables: Variables): void {
  if (!isInGroup(variables)) return;
  const faults: string[] = [];
  if (!isOn(variables, 'group_replication_single_primary_mode')) {
    faults.push(
      'group_replication_single_primary_mode is OFF: two primaries do not see the locks of each other',
    );
  }
  const consistency = variables.get('group_replication_consistency') ?? '';
  if (TOO_LOW_CONSISTENCIES.has(consistency)) {
    faults.push(
      `group_replication_consistency is ${consistency}, less than ${LEAST_CONSISTENCY}: a new primary may answer without the last commits`,
    );
  }
  if (faults.length > 0) throw new TopologyRefusedError(faults.join('; '));
}

/** Status variables of a Galera node, and the wanted value of each. They are only checked if they were read. */
const NODE_STATUS = [
  ['wsrep_cluster_status', 'Primary'],
  ['wsrep_ready', 'ON'],
] as const;

function checkNode(variables: Variables): void {
  for (const [name, wanted] of NODE_STATUS) {
    const value = variables.get(name);
    if (value !== undefined && value.toLowerCase() !== wanted.toLowerCase()) {
      throw new NodeNotReadyError(`${name} is ${value}`);
    }
  }
}

function readLateFlushes(variables: Variables): ReadonlyMap<string, string> {
  const names = ['innodb_flush_log_at_trx_commit'];
  if (isOn(variables, 'log_bin')) names.push('sync_binlog');
  const values = names.map((name) => [name, variables.get(name) ?? '1'] as const);
  return new Map(values.filter(([, value]) => value !== '1'));
}
