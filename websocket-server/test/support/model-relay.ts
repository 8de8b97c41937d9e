import { createLogger } from '@postline/service-runtime';
import { Acks } from '../../src/acks/acks.ts';
import type { RelaySettings } from '../../src/configuration.ts';
import { ClientDirectory } from '../../src/connection/client-directory.ts';
import type { ConnectionHost } from '../../src/connection/connection.ts';
import { Feeds } from '../../src/feeds/feeds.ts';
import { FollowerStarter } from '../../src/following/follower-starter.ts';
import { LogReader } from '../../src/following/log-reader.ts';
import { Members } from '../../src/control/members.ts';
import { FollowedGroups } from '../../src/groups/followed-groups.ts';
import { OPEN_AUTHENTICATION } from '../../src/identifying/authentication.ts';
import { ConnectionTokens } from '../../src/identifying/connection-tokens.ts';
import { DeviceOpener } from '../../src/starting/device-opener.ts';
import { identify } from '../../src/identifying/identify.ts';
import { ReaderPositions } from '../../src/starting/reader-positions.ts';
import { StartReader } from '../../src/starting/start-reader.ts';
import { TargetOpener } from '../../src/starting/target-opener.ts';
import { RelayCounters } from '../../src/metrics/relay-counters.ts';
import { WriteTurn } from '../../src/socket/write-turn.ts';
import type { ModelBus } from './model-bus.ts';
import type { ModelStore } from './model-store.ts';
import { NEVER_DISCONNECTED } from './never-disconnected.ts';
import { quietHealth } from './quiet-health.ts';

export interface ModelRelay {
  readonly counters: RelayCounters;
  readonly feeds: Feeds;
  readonly acks: Acks;
  /** For connections on modelled sockets. */
  readonly host: ConnectionHost;
  /** What identifying rejected with; a relay would end the connection. */
  readonly failures: unknown[];
}

/** The relay's way from `identify` to messages, in open mode, on a modelled store and bus. */
export function createModelRelay(
  { store, bus }: { readonly store: ModelStore; readonly bus: ModelBus },
  settings: Pick<RelaySettings, 'compareIntervalMs' | 'compareIntervalWithoutBusMs' | 'backlogReadsMax'>,
): ModelRelay {
  const logger = createLogger({ service: 'test', level: 'silent' });
  const counters = new RelayCounters();
  const health = quietHealth();
  const storing = health.databaseActivity('Storing acks');
  const intervals = { ackWriteIntervalMs: 250, groupAckWriteIntervalMs: 1_000, groupAcksPerSecondMax: 1_000 };
  const acks = new Acks({ store, counters, logger, storing, waitingMax: 1_000, ...intervals });
  const feeds = new Feeds({ store, bus, settings, counters, turn: new WriteTurn(), health, logger });
  const tokens = new ConnectionTokens({
    authentication: OPEN_AUTHENTICATION,
    logger,
    isRevoked: () => Promise.resolve(false),
  });
  tokens.stop(); // no token expires in open mode
  const clients = new ClientDirectory({ connectionsPerClientMax: 1_000 });
  const members = new Members({ store, clients });
  const { directory, heads } = feeds;
  const logReader = new LogReader({ store, counters, parallelReads: settings.backlogReadsMax });
  const targets = new TargetOpener({ feeds: directory, heads, starts: new StartReader(store), logReader });
  const starter = new FollowerStarter({ feeds: directory, logReader, counters });
  const parts = {
    tokens,
    connections: { endIdentifyWait: () => undefined },
    clients,
    disconnects: NEVER_DISCONNECTED,
    positions: new ReaderPositions({ acks, devices: new DeviceOpener(store) }),
    targets,
    starter,
    counters,
    groups: { members, targets, starter, everyoneGroup: undefined, followedGroupsMax: 1_000, logger },
    heartbeatSeconds: 25,
  };
  const failures: unknown[] = [];
  const host: ConnectionHost = {
    incomingBounds: { framesMax: 100, bytesMax: 10_000 },
    acks,
    logReader,
    identify: (connection, frame) => {
      identify(connection, frame, parts).catch((error: unknown) => failures.push(error));
    },
    renewToken: () => undefined,
    createGroups: (connection) => new FollowedGroups(connection, parts.groups, { followsAll: false }),
    onStalled: () => undefined,
    onFailed: () => undefined,
    onClosed: (connection) => {
      if (connection.clientId !== undefined) clients.remove(connection.clientId, connection);
    },
  };
  return { counters, feeds, acks, host, failures };
}
