import { randomBytes, randomUUID } from 'node:crypto';
import { waitUntil } from '@postline/test-support';
import type { RowDataPacket } from 'mysql2/promise';
import { runAsRoot } from '../topology/topology-services.ts';
import { docker } from './compose-project.ts';
import { imageOfMysql } from './mysql-image-server.ts';

const MEMBERS = 3;
const GROUP_PORT = 33_061;
const START_MS = 240_000;
const JOIN_MS = 120_000;
const REPLICATION_USER = 'replicator';
/** For a moment, on a network of these containers only. */
const REPLICATION_PASSWORD = randomBytes(8).toString('hex');

/** One server of the group, in a container. */
export interface GroupMember {
  /** Its host name in the group. */
  readonly name: string;
  /** Where this machine reaches it. */
  readonly port: number;
  /** Runs statements one after the other as root; resolves to the rows of the last. */
  readonly run: (...statements: readonly string[]) => Promise<RowDataPacket[]>;
  /** SIGKILL. */
  readonly kill: () => Promise<void>;
}

/** MySQL servers of the image of docker-compose.yml, in one group with one primary. */
export interface ReplicationGroup {
  readonly members: readonly GroupMember[];
  /** The primary as another member sees it; undefined while there is none. */
  readonly primaryFor: (member: GroupMember) => Promise<GroupMember | undefined>;
  /** How many members are online, as one of them sees it. */
  readonly onlineFor: (member: GroupMember) => Promise<number>;
  readonly remove: () => Promise<void>;
}

/** Starts the servers, and a group of all of them; the first is its primary. */
export async function startReplicationGroup(): Promise<ReplicationGroup> {
  const network = `postline-test-${randomBytes(4).toString('hex')}`;
  const containers: string[] = [];
  const remove = async () => {
    if (containers.length > 0) await docker('rm', '--force', '--volumes', ...containers);
    await docker('network', 'rm', network);
  };
  await docker('network', 'create', network);
  try {
    const image = await imageOfMysql();
    const groupName = randomUUID();
    for (let id = 1; id <= MEMBERS; id += 1) {
      const words = [
        'run',
        '--detach',
        ...containerOptions(network, id),
        image,
        ...serverOptions(groupName, id),
      ];
      containers.push((await docker(...words)).trim());
    }
    const members = await Promise.all(
      containers.map((container, index) => startedMember(container, index + 1)),
    );
    await formGroup(members);
    return { members, primaryFor: (member) => primaryFor(member, members), onlineFor, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

function hostName(id: number): string {
  return `db-${id}`;
}

function containerOptions(network: string, id: number): readonly string[] {
  return [
    `--network=${network}`,
    `--hostname=${hostName(id)}`,
    `--network-alias=${hostName(id)}`,
    '--publish=127.0.0.1::3306',
    '--tmpfs=/var/lib/mysql',
    '--env=MYSQL_ALLOW_EMPTY_PASSWORD=yes',
    '--env=MYSQL_ROOT_HOST=%',
    '--env=MYSQL_INITDB_SKIP_TZINFO=yes',
  ];
}

function serverOptions(groupName: string, id: number): readonly string[] {
  const seeds = Array.from({ length: MEMBERS }, (_, index) => `${hostName(index + 1)}:${GROUP_PORT}`);
  return [
    `--server-id=${id}`,
    `--report-host=${hostName(id)}`,
    '--gtid-mode=ON',
    '--enforce-gtid-consistency=ON',
    '--mysqlx=OFF',
    '--max-connections=300',
    '--innodb-buffer-pool-size=64M',
    '--plugin-load-add=group_replication.so',
    `--loose-group-replication-group-name=${groupName}`,
    '--loose-group-replication-start-on-boot=OFF',
    `--loose-group-replication-local-address=${hostName(id)}:${GROUP_PORT}`,
    `--loose-group-replication-group-seeds=${seeds.join(',')}`,
    '--loose-group-replication-consistency=BEFORE_ON_PRIMARY_FAILOVER',
    '--loose-group-replication-recovery-get-public-key=ON',
    '--loose-group-replication-member-expel-timeout=0',
    '--loose-group-replication-message-cache-size=134217728', // the least: by default each server takes 1 GiB
  ];
}

async function startedMember(container: string, id: number): Promise<GroupMember> {
  const address = (await docker('port', container, '3306/tcp')).trim();
  const port = Number(address.slice(address.lastIndexOf(':') + 1));
  const run = (...statements: readonly string[]) => runAsRoot(port, ...statements);
  await waitUntil(`MySQL answers on ${address}`, () => run('SELECT 1'), START_MS);
  return {
    name: hostName(id),
    port,
    run,
    kill: async () => {
      await docker('kill', container);
    },
  };
}

async function formGroup(members: readonly GroupMember[]): Promise<void> {
  for (const [index, member] of members.entries()) {
    const isFirst = index === 0;
    await member.run(
      'SET SESSION sql_log_bin = 0',
      `CREATE USER ${REPLICATION_USER}@'%' IDENTIFIED BY '${REPLICATION_PASSWORD}'`,
      `GRANT REPLICATION SLAVE, CONNECTION_ADMIN, BACKUP_ADMIN, GROUP_REPLICATION_STREAM ON *.* TO ${REPLICATION_USER}@'%'`,
      'SET SESSION sql_log_bin = 1',
      'RESET BINARY LOGS AND GTIDS', // what the image did at its first start would keep a member out
      `CHANGE REPLICATION SOURCE TO SOURCE_USER = '${REPLICATION_USER}', SOURCE_PASSWORD = '${REPLICATION_PASSWORD}' FOR CHANNEL 'group_replication_recovery'`,
      `SET GLOBAL group_replication_bootstrap_group = ${isFirst ? 'ON' : 'OFF'}`,
      'START GROUP_REPLICATION',
      'SET GLOBAL group_replication_bootstrap_group = OFF',
    );
    await waitUntil(`${member.name} is online`, async () => (await onlineFor(member)) === index + 1, JOIN_MS);
  }
}

async function onlineFor(member: GroupMember): Promise<number> {
  const rows = await member.run(
    "SELECT member_id FROM performance_schema.replication_group_members WHERE member_state = 'ONLINE'",
  );
  return rows.length;
}

async function primaryFor(
  member: GroupMember,
  members: readonly GroupMember[],
): Promise<GroupMember | undefined> {
  const [row] = await member.run(
    "SELECT member_host AS host FROM performance_schema.replication_group_members WHERE member_role = 'PRIMARY' AND member_state = 'ONLINE'",
  );
  return members.find(({ name }) => name === row?.['host']);
}
