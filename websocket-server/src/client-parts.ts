import type { MessageBus } from '@postline/message-bus';
import type { MessageStore } from '@postline/message-store';
import type { Logger, MemoryBudget, Tracing } from '@postline/service-runtime';
import { Acks } from './acks/acks.ts';
import { AddressLimits } from './admission/address-limits.ts';
import { RefusalLog } from './admission/refusal-log.ts';
import type { RelaySettings } from './configuration.ts';
import { ClientDirectory } from './connection/client-directory.ts';
import { ConnectionRegistry } from './connection/connection-registry.ts';
import { Disconnects } from './control/disconnects.ts';
import { Members } from './control/members.ts';
import { Feeds } from './feeds/feeds.ts';
import { FollowerStarter } from './following/follower-starter.ts';
import { LogReader } from './following/log-reader.ts';
import { createAuthentication } from './identifying/authentication.ts';
import { ConnectionTokens } from './identifying/connection-tokens.ts';
import type { IdentifyParts } from './identifying/identify.ts';
import type { RelayCounters } from './metrics/relay-counters.ts';
import type { RelayHealth } from './metrics/relay-health.ts';
import type { WriteTurn } from './socket/write-turn.ts';
import { DeviceOpener } from './starting/device-opener.ts';
import { ReaderPositions } from './starting/reader-positions.ts';
import { StartReader } from './starting/start-reader.ts';
import { TargetOpener } from './starting/target-opener.ts';

/** Readers whose ack may wait for the database: all that are connected, and as many that have left meanwhile. */
const ACKS_WAITING_PER_CONNECTION = 2;

export interface RelayParts {
  readonly store: MessageStore;
  readonly bus: MessageBus;
  readonly settings: RelaySettings;
  readonly logger: Logger;
  /** Memory that the relay shares with others in its process; its own budget if left out. */
  readonly memory?: MemoryBudget | undefined;
  /** Undefined if tracing is off. Its creator closes it. */
  readonly tracing?: Tracing | undefined;
}

interface SharedParts {
  readonly counters: RelayCounters;
  readonly health: RelayHealth;
  readonly turn: WriteTurn;
}

/** Who is connected, what they follow, and what is known of them. */
export function createClientParts(parts: RelayParts, { counters, health, turn }: SharedParts) {
  const { store, bus, settings, logger } = parts;
  const refusals = new RefusalLog(logger);
  const addresses = new AddressLimits(settings);
  const connections = new ConnectionRegistry({ settings, addresses });
  const clients = new ClientDirectory(settings);
  const disconnects = new Disconnects({ store, clients });
  const members = new Members({ store, clients });
  const base = { store, settings, counters, logger };
  const feeds = new Feeds({ ...base, bus, turn, health, controlled: [disconnects, members] });
  const acks = createAcks(parts, { counters, health });
  const tokens = createTokens(parts, { addresses, refusals, counters, disconnects });
  const logReader = new LogReader({ store, counters, parallelReads: settings.backlogReadsMax });
  const people = { connections, clients, disconnects, members, refusals, addresses };
  return { ...people, feeds, acks, tokens, counters, logReader };
}

function createAcks(
  { store, settings, logger }: RelayParts,
  { counters, health }: { readonly counters: RelayCounters; readonly health: RelayHealth },
): Acks {
  return new Acks({
    store,
    counters,
    logger,
    storing: health.databaseActivity('Storing acks'),
    ackWriteIntervalMs: settings.ackWriteIntervalMs,
    groupAckWriteIntervalMs: settings.groupAckWriteIntervalMs,
    groupAcksPerSecondMax: settings.groupAcksPerSecondMax,
    waitingMax: settings.connectionsMax * ACKS_WAITING_PER_CONNECTION,
  });
}

function createTokens(
  { settings: { clientTokens }, logger }: RelayParts,
  parts: {
    readonly addresses: AddressLimits;
    readonly refusals: RefusalLog;
    readonly counters: RelayCounters;
    readonly disconnects: Disconnects;
  },
): ConnectionTokens {
  const { disconnects, ...limits } = parts;
  return new ConnectionTokens({
    authentication: createAuthentication({ clientTokens, logger, ...limits }),
    logger,
    isRevoked: (connection, token) => disconnects.isRevoked(connection, token),
  });
}

interface IdentifyingParts extends Pick<IdentifyParts, 'connections' | 'clients' | 'disconnects' | 'tokens'> {
  readonly members: Members;
  readonly feeds: Feeds;
  readonly acks: Acks;
  readonly counters: RelayCounters;
  readonly logReader: LogReader;
}

/** What an identify frame needs on its way. */
export function createIdentifying(
  { store, settings, logger }: RelayParts,
  parts: IdentifyingParts,
): IdentifyParts {
  const { connections, clients, disconnects, tokens, members, acks, counters, logReader } = parts;
  const { directory: feeds, heads } = parts.feeds;
  const targets = new TargetOpener({ feeds, heads, starts: new StartReader(store), logReader });
  const starter = new FollowerStarter({ feeds, logReader, counters });
  const { everyoneGroup, followedGroupsMax, heartbeatSeconds } = settings;
  return {
    ...{ connections, clients, disconnects, tokens, targets, starter, counters, heartbeatSeconds },
    positions: new ReaderPositions({ acks, devices: new DeviceOpener(store) }),
    groups: { members, targets, starter, everyoneGroup, followedGroupsMax, logger },
  };
}
