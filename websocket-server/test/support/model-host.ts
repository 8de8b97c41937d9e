import type { Ack, AckPlace } from '@postline/message-store';
import type { FollowFrame, FrameErrorCode, IdentifyFrame, UnfollowFrame } from '@postline/protocol';
import { Connection, type ConnectionHost } from '../../src/connection/connection.ts';
import type { ConnectionGroups } from '../../src/connection/connection-groups.ts';
import { LogReader } from '../../src/following/log-reader.ts';
import { RelayCounters } from '../../src/metrics/relay-counters.ts';
import { ModelSocket } from './model-socket.ts';
import { ModelStore } from './model-store.ts';

/** Records what a connection's groups are given. */
class RecordingGroups implements ConnectionGroups {
  readonly followed: string[] = [];
  readonly unfollowed: string[] = [];
  isStopped = false;
  /** What `readableAfter` returns. */
  readable = 0;

  onFollow({ targetId }: FollowFrame): void {
    this.followed.push(targetId);
  }

  onUnfollow({ targetId }: UnfollowFrame): void {
    this.unfollowed.push(targetId);
  }

  readableAfter(): number {
    return this.readable;
  }

  stop(): void {
    this.isStopped = true;
  }

  onIdentified: ConnectionGroups['onIdentified'] = () => undefined;
  onMemberChange: ConnectionGroups['onMemberChange'] = () => undefined;
  onMemberships: ConnectionGroups['onMemberships'] = () => undefined;
  onToken: ConnectionGroups['onToken'] = () => undefined;
}

/** Records what connections report and request. */
export class RecordingHost implements ConnectionHost {
  readonly incomingBounds = { framesMax: 1_000, bytesMax: 1_000_000 };
  readonly identified: IdentifyFrame[] = [];
  readonly renewed: { readonly clientId: string; readonly token: string }[] = [];
  readonly closed: Connection[] = [];
  readonly stalled: Connection[] = [];
  readonly failed: FrameErrorCode[] = [];
  readonly kept: Ack[] = [];
  readonly hurried: AckPlace[] = [];
  readonly groups = new RecordingGroups();
  readonly store = new ModelStore();
  readonly logReader = new LogReader({ store: this.store, counters: new RelayCounters(), parallelReads: 2 });
  /** What `keep` returns. */
  hasRoom = true;

  readonly acks = {
    keep: (ack: Ack): boolean => {
      if (this.hasRoom) this.kept.push(ack);
      return this.hasRoom;
    },
    hurry: (place: AckPlace): void => {
      this.hurried.push(place);
    },
  };

  identify(_connection: Connection, frame: IdentifyFrame): void {
    this.identified.push(frame);
  }

  renewToken(_connection: Connection, clientId: string, token: string): void {
    this.renewed.push({ clientId, token });
  }

  createGroups(): ConnectionGroups {
    return this.groups;
  }

  onStalled(connection: Connection): void {
    this.stalled.push(connection);
  }

  onFailed(code: FrameErrorCode): void {
    this.failed.push(code);
  }

  onClosed(connection: Connection): void {
    this.closed.push(connection);
  }
}

/** A connection on a modelled socket. */
export function connectionOn(
  host: ConnectionHost,
  socket = new ModelSocket(),
  address = '127.0.0.1',
): { connection: Connection; socket: ModelSocket } {
  const connection = new Connection({ id: 'connection-1', socket, host, address });
  socket.connection = connection;
  return { connection, socket };
}
