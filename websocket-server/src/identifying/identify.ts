import type { ClientToken } from '@postline/client-tokens';
import { isWithdrawn, type StreamStart } from '@postline/message-store';
import {
  CLOSE_CODES,
  encodeRelayFrame,
  type IdentifyFrame,
  type Resume,
  type RowMark,
} from '@postline/protocol';
import type { AckWriter } from '../acks/ack-writer.ts';
import type { Connection } from '../connection/connection.ts';
import type { DeviceOpener } from './device-opener.ts';
import type { Disconnects } from '../control/disconnects.ts';
import type { Feed } from '../feeds/feed.ts';
import type { FeedDirectory } from '../feeds/feed-directory.ts';
import { Follower } from '../following/follower.ts';
import type { HeadReader, HeadReading } from '../feeds/head-reader.ts';
import type { LogReader } from '../following/log-reader.ts';
import { pause } from './pause.ts';
import { readPatiently, RETRY_MS } from './read-patiently.ts';
import type { RelayCounters } from '../metrics/relay-counters.ts';
import type { StartReader } from './start-reader.ts';
import { cursorOf, startingPoint } from './starting-point.ts';

/** While the server that takes the writes is asked which history the logs are in. */
const DOUBT_PAUSE_MS = 100;

export interface IdentifyOptions {
  readonly feeds: FeedDirectory;
  readonly heads: HeadReader;
  readonly starts: Pick<StartReader, 'readRow' | 'readStart'>;
  readonly logReader: LogReader;
  readonly acks: Pick<AckWriter, 'saved'>;
  readonly devices: Pick<DeviceOpener, 'open'>;
  readonly disconnects: Pick<Disconnects, 'read'>;
  readonly counters: RelayCounters;
  readonly heartbeatSeconds: number;
}

/** What a client said of itself, and the token that proves it where one is needed. */
interface Introduction {
  readonly frame: IdentifyFrame;
  readonly token: ClientToken | undefined;
}

/**
 * Lets a connection follow its client's log: open the feed, read the head from the database, decide where the stream
 * goes on, say so, go. Waits while the database is away; ends early where the socket does.
 */
export async function identify(
  connection: Connection,
  { frame, token }: Introduction,
  options: IdentifyOptions,
): Promise<void> {
  if (!(await letIn(connection, { frame, token }, options.disconnects))) return;
  const { feeds, logReader, counters, heartbeatSeconds } = options;
  const feed = await feeds.acquire(frame.clientId);
  const resume = await readResumePatiently(connection, frame, options);
  const start = await readStartPatiently(connection, { feed, resume }, options);
  if (start === undefined) {
    feeds.release(feed);
    return;
  }

  const { clientId, deviceId } = frame;
  const { epoch, offset, head, recovered } = start;
  const { socket } = connection;
  const follower = new Follower({ feed, socket, logReader, counters, clientId, cursor: offset });
  const identified = encodeRelayFrame({
    type: 'identified',
    clientId,
    connectionId: connection.id,
    epoch,
    heartbeatSeconds,
    targets: new Map([[feed.targetId, { offset, head, recovered }]]),
  });
  connection.startFollowing({ clientId, deviceId, epoch, followers: [follower], identified });
}

/** Whether the client may come in: not with a token from before it was disconnected. Waits while the database is away. */
async function letIn(
  connection: Connection,
  { frame, token }: Introduction,
  disconnects: Pick<Disconnects, 'read'>,
): Promise<boolean> {
  const reading = await readPatiently(
    () => disconnects.read(frame.clientId),
    () => isWaiting(connection),
  );
  if (reading === undefined || !isWaiting(connection)) return false;
  connection.disconnectsSeen = reading.head;
  if (token === undefined || !isWithdrawn(token.issuedAt, reading.latest)) return true;
  connection.fail('unauthorized', CLOSE_CODES.unauthorized);
  return false;
}

/** Where the reader says it stopped; for its last ack, what the database says. Ends early where the socket does. */
async function readResumePatiently(
  connection: Connection,
  frame: IdentifyFrame,
  options: IdentifyOptions,
): Promise<Resume | undefined> {
  const { clientId, deviceId, resume } = frame;
  if (resume !== 'last-ack') return resume;
  if (deviceId === undefined) throw new Error('a last ack without a device'); // the frame was checked
  return readPatiently(
    () => readLastAck({ clientId, deviceId }, options),
    () => isWaiting(connection),
  );
}

/** The last ack, also one that was given here a moment ago. It is read before the head, so it is never beyond it. */
async function readLastAck(
  device: { readonly clientId: string; readonly deviceId: string },
  { acks, devices }: IdentifyOptions,
): Promise<Resume | undefined> {
  const { clientId } = device;
  await acks.saved({ ...device, targetId: clientId });
  const positions = await devices.open({ ...device, targetIds: [clientId] });
  const position = positions.get(clientId);
  return position && { epoch: position.epoch, offsets: new Map([[clientId, position.offset]]) };
}

interface Following {
  readonly feed: Feed;
  readonly resume: Resume | undefined;
}

/**
 * Where the stream goes on, by what was read after the frame came. Only a new connection to the database may say that
 * a cursor is not valid: an old one may lead to a server that was left behind. `undefined` where the socket has closed.
 */
async function readStartPatiently(
  connection: Connection,
  { feed, resume }: Following,
  { heads, starts }: IdentifyOptions,
): Promise<StreamStart | undefined> {
  for (;;) {
    const reading = await readHeadPatiently(connection, feed, heads);
    if (reading === undefined) return undefined;
    const isStillWaiting = () => isWaiting(connection);
    const row = await readPatiently(() => readRowAtCursor(feed, { reading, resume }, starts), isStillWaiting);
    if (row === undefined) return undefined;
    const start = startingPoint(reading, feed.targetId, resume, row.at);
    if (start.recovered || resume === undefined) return start;

    const cursor = cursorOf(feed.targetId, resume);
    const asked = cursor ?? { targetId: feed.targetId, offset: 0, epoch: resume.epoch, mark: undefined };
    const known = feed.position;
    const sure = await readPatiently(() => starts.readStart(asked), isStillWaiting);
    if (sure === undefined) return undefined;
    const isBelieved = feed.onReading({ epoch: sure.epoch, head: sure.head, epochStart: 0 }, known);
    if (isBelieved && sure.epoch === feed.epoch)
      return cursor === undefined ? { ...sure, offset: sure.head } : sure;
    await pause(RETRY_MS);
  }
}

/** The row that a reader with a mark is to be compared with. */
async function readRowAtCursor(
  feed: Feed,
  { reading, resume }: { readonly reading: HeadReading; readonly resume: Resume | undefined },
  starts: IdentifyOptions['starts'],
): Promise<{ readonly at: RowMark | undefined }> {
  const cursor = resume && cursorOf(feed.targetId, resume);
  if (cursor?.mark === undefined || cursor.offset > reading.head) return { at: undefined };
  if (cursor.offset === reading.head && reading.mark !== undefined) return { at: reading.mark };
  return { at: await starts.readRow(feed.targetId, cursor.offset) };
}

/** The head as read after the frame came, in the log that the feed is in; `undefined` where the socket has closed. */
async function readHeadPatiently(
  connection: Connection,
  feed: Feed,
  heads: HeadReader,
): Promise<HeadReading | undefined> {
  while (isWaiting(connection)) {
    const known = feed.position;
    const reading = await readHeadOnce(feed, heads);
    if (reading === undefined) {
      await pause(RETRY_MS);
    } else {
      const isBelieved = feed.onReading(reading, known);
      if (isBelieved && isWaiting(connection) && reading.epoch === feed.epoch) return reading;
      if (!isBelieved) await pause(DOUBT_PAUSE_MS);
    }
  }
  return undefined;
}

function isWaiting(connection: Connection): boolean {
  return connection.state === 'identifying';
}

/** Undefined where the database doesn't answer. */
async function readHeadOnce(feed: Feed, heads: HeadReader): Promise<HeadReading | undefined> {
  try {
    return await heads.read(feed.targetId);
  } catch {
    return undefined;
  }
}
