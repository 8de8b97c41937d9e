import type { ClientToken } from '@postline/client-tokens';
import { isWithdrawn } from '@postline/message-store';
import { CLOSE_CODES, encodeRelayFrame, type IdentifyFrame } from '@postline/protocol';
import type { ClientDirectory } from '../connection/client-directory.ts';
import type { Connection } from '../connection/connection.ts';
import type { ConnectionRegistry } from '../connection/connection-registry.ts';
import type { Disconnects } from '../control/disconnects.ts';
import type { FeedDirectory } from '../feeds/feed-directory.ts';
import { Follower } from '../following/follower.ts';
import type { LogReader } from '../following/log-reader.ts';
import type { RelayCounters } from '../metrics/relay-counters.ts';
import type { ConnectionTokens } from './connection-tokens.ts';
import { readPatiently } from '../feeds/read-patiently.ts';
import type { TargetOpener } from './target-opener.ts';

export interface IdentifyParts {
  readonly tokens: Pick<ConnectionTokens, 'authenticate'>;
  readonly connections: Pick<ConnectionRegistry, 'endIdentifyWait'>;
  readonly clients: Pick<ClientDirectory, 'add'>;
  readonly disconnects: Pick<Disconnects, 'read'>;
  readonly targets: Pick<TargetOpener, 'open'>;
  readonly feeds: Pick<FeedDirectory, 'release'>;
  readonly logReader: LogReader;
  readonly counters: RelayCounters;
  readonly heartbeatSeconds: number;
}

/**
 * The whole way of an `identify` frame: proves who the client is, admits it, checks that it was not disconnected since,
 * finds where the stream of each of its targets starts, reports that, and follows them. Waits while the database is
 * away; ends early if the socket closes.
 */
export async function identify(
  connection: Connection,
  frame: IdentifyFrame,
  parts: IdentifyParts,
): Promise<void> {
  const { clientId, deviceId, resume } = frame;
  const authenticated = await parts.tokens.authenticate(connection, frame);
  if (authenticated === undefined || !admit(connection, clientId, parts)) return;
  if (!(await checkRevocation(connection, { clientId, ...authenticated }, parts.disconnects))) return;

  const request = { clientId, deviceId, resume, targetIds: [clientId] };
  const opened = await parts.targets.open(request, () => isIdentifying(connection));
  if (opened === undefined) return;

  const { socket } = connection;
  const { feeds, logReader, counters, heartbeatSeconds } = parts;
  const followers = opened.starts.map(
    ({ feed, offset }) =>
      new Follower({ feed, feeds, socket, logReader, counters, clientId, cursor: offset }),
  );
  const identified = encodeRelayFrame({
    type: 'identified',
    clientId,
    connectionId: connection.id,
    epoch: opened.epoch,
    heartbeatSeconds,
    targets: new Map(
      opened.starts.map(({ feed, offset, head, recovered }) => [feed.targetId, { offset, head, recovered }]),
    ),
  });
  connection.startFollowing({ clientId, deviceId, epoch: opened.epoch }, followers, identified);
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
  if (token === undefined || !isWithdrawn(token.issuedAt, reading.latest)) return true;
  connection.fail('unauthorized', CLOSE_CODES.unauthorized);
  return false;
}

function isIdentifying(connection: Connection): boolean {
  return connection.state === 'identifying';
}
