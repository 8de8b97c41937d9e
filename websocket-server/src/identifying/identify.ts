import type { ClientToken } from '@postline/client-tokens';
import { isTokenRevoked } from '@postline/message-store';
import { CLOSE_CODES, encodeRelayFrame, type FollowedTarget, type IdentifyFrame } from '@postline/protocol';
import { pause } from '@postline/service-runtime';
import type { ClientDirectory } from '../connection/client-directory.ts';
import type { Connection } from '../connection/connection.ts';
import type { ConnectionRegistry } from '../connection/connection-registry.ts';
import type { Disconnects } from '../control/disconnects.ts';
import { readPatiently, RETRY_MS } from '../feeds/read-patiently.ts';
import type { Follower } from '../following/follower.ts';
import type { FollowerStarter } from '../following/follower-starter.ts';
import { FollowedGroups, type FollowedGroupsParts } from '../groups/followed-groups.ts';
import { type ListedGroup, wantedTarget } from '../groups/group-list.ts';
import type { RelayCounters } from '../metrics/relay-counters.ts';
import type { ReaderPositions } from '../starting/reader-positions.ts';
import type { WantedTarget } from '../starting/starting-point.ts';
import type { OpenedTargets, TargetOpener } from '../starting/target-opener.ts';
import type { ConnectionTokens } from './connection-tokens.ts';

export interface IdentifyParts {
  readonly tokens: Pick<ConnectionTokens, 'authenticate'>;
  readonly connections: Pick<ConnectionRegistry, 'endIdentifyWait'>;
  readonly clients: Pick<ClientDirectory, 'add'>;
  readonly disconnects: Pick<Disconnects, 'read'>;
  readonly positions: Pick<ReaderPositions, 'read'>;
  readonly targets: Pick<TargetOpener, 'open' | 'close'>;
  readonly starter: FollowerStarter;
  readonly groups: FollowedGroupsParts;
  readonly counters: Pick<RelayCounters, 'identifyBacklogs'>;
  readonly heartbeatSeconds: number;
}

/**
 * The whole way of an `identify` frame: proves who the client is, admits it, checks that it was not disconnected since,
 * finds which targets it follows and where the stream of each starts, reports that, and follows them. Waits while the
 * database is away; ends early if the socket closes.
 */
export async function identify(
  connection: Connection,
  frame: IdentifyFrame,
  parts: IdentifyParts,
): Promise<void> {
  const { clientId, deviceId } = frame;
  const groups =
    frame.groups === true ? new FollowedGroups(connection, parts.groups, { followsAll: true }) : undefined;
  connection.groups = groups;
  const authenticated = await parts.tokens.authenticate(connection, frame);
  if (authenticated === undefined || !admit(connection, clientId, parts)) return;
  if (!(await checkRevocation(connection, { clientId, ...authenticated }, parts.disconnects))) return;
  const opened = await openTargets(connection, { frame, groups }, parts);
  if (opened === undefined) return;

  const { epoch, starts } = opened;
  parts.counters.identifyBacklogs.add(starts.reduce((sum, { offset, head }) => sum + head - offset, 0));
  const { followers, frames, targets } = startFollowers(connection, {
    opened,
    groups,
    starter: parts.starter,
  });
  const { heartbeatSeconds } = parts;
  const identified = { type: 'identified', clientId, connectionId: connection.id, epoch } as const;
  const texts = [encodeRelayFrame({ ...identified, heartbeatSeconds, targets }), ...frames];
  connection.startFollowing({ clientId, deviceId, epoch }, followers, texts);
  connection.groups?.onIdentified({ clientId, epoch });
}

interface Starting {
  readonly opened: OpenedForClient;
  readonly groups: FollowedGroups | undefined;
  readonly starter: FollowerStarter;
}

/** Followers of all targets that are still wanted, and what `identified` and frames after it say of them. */
function startFollowers(connection: Connection, { opened, groups, starter }: Starting) {
  const followers: Follower[] = [];
  const frames: string[] = [];
  const targets = new Map<string, FollowedTarget>();
  for (const [index, start] of opened.starts.entries()) {
    const group = opened.groups[index - 1]; // the first start is that of the client's own target
    const wanted = opened.wanted[index];
    const started =
      group === undefined
        ? starter.start(start, { reader: connection })
        : wanted && groups?.start(group, start, wanted);
    if (started === undefined) continue;
    followers.push(started.follower);
    frames.push(...started.frames);
    const { offset, head, recovered } = start;
    targets.set(start.feed.targetId, { offset, head, recovered });
  }
  return { followers, frames, targets };
}

/** Counts the connection as its client's; closes it if the client has too many. */
function admit(
  connection: Connection,
  clientId: string,
  { connections, clients }: Pick<IdentifyParts, 'connections' | 'clients'>,
): boolean {
  connections.endIdentifyWait(connection);
  if (clients.add(clientId, connection)) return true;
  connection.fail('too_many_connections', CLOSE_CODES.tooMany);
  return false;
}

/** False if the client was disconnected after its token was issued: the connection is closed then. */
async function checkRevocation(
  connection: Connection,
  { clientId, token }: { readonly clientId: string; readonly token: ClientToken | undefined },
  disconnects: Pick<Disconnects, 'read'>,
): Promise<boolean> {
  const isWaiting = () => isIdentifying(connection);
  const reading = await readPatiently(() => disconnects.read(clientId), isWaiting);
  if (reading === undefined || !isWaiting()) return false;
  connection.disconnectsSeen = reading.head;
  if (token === undefined || !isTokenRevoked(token.issuedAt, reading.latest)) return true;
  connection.fail('unauthorized', CLOSE_CODES.unauthorized);
  return false;
}

interface Identifying {
  readonly frame: IdentifyFrame;
  readonly groups: FollowedGroups | undefined;
}

interface OpenedForClient extends OpenedTargets {
  readonly wanted: readonly WantedTarget[];
  /** Those of the further targets, in order. */
  readonly groups: readonly ListedGroup[];
}

/** The client's own target, then its groups. Memberships are read first, then positions, then heads. */
async function openTargets(
  connection: Connection,
  { frame, groups }: Identifying,
  { positions, targets }: Pick<IdentifyParts, 'positions' | 'targets'>,
): Promise<OpenedForClient | undefined> {
  const { clientId } = frame;
  const isWanted = () => isIdentifying(connection);
  for (;;) {
    const initial = await groups?.readInitial(clientId, isWanted);
    if (groups !== undefined && initial === undefined) return undefined;
    const listed = initial?.groups ?? [];
    const followed: WantedTarget[] = [{ targetId: clientId, position: HEAD }, ...listed.map(wantedTarget)];
    const read = await positions.read(frame, followed, isWanted);
    if (read === undefined) return undefined;
    const wanted = followed.map(({ targetId, from }, index) => ({
      targetId,
      from,
      position: read[index] ?? HEAD,
    }));
    const opened = await targets.open(wanted, { clientId, isWanted });
    if (opened === undefined) return undefined;
    if (initial === undefined || initial.epoch === opened.epoch) return { ...opened, wanted, groups: listed };
    targets.close(opened); // a new epoch began after the memberships were read
    await pause(RETRY_MS);
  }
}

const HEAD = { kind: 'head' } as const;

function isIdentifying(connection: Connection): boolean {
  return connection.state === 'identifying';
}
