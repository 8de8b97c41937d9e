import type { Ack, AckPlace } from '@postline/message-store';
import type { IdentifyFrame } from '@postline/protocol';
import { Connection, type ConnectionHost } from '../../src/connection/connection.ts';
import type { Feed } from '../../src/feeds/feed.ts';
import { ModelSocket } from './model-socket.ts';

/** What connections asked of the relay around them. */
export class RecordingHost implements ConnectionHost {
  readonly incomingBounds = { framesMax: 1_000, bytesMax: 1_000_000 };
  readonly identified: IdentifyFrame[] = [];
  readonly renewed: { readonly clientId: string; readonly token: string }[] = [];
  readonly released: Feed[] = [];
  readonly forgotten: Connection[] = [];
  readonly stalled: Connection[] = [];
  readonly kept: Ack[] = [];
  readonly hurried: AckPlace[] = [];
  /** What `keep` says. */
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

  releaseFeed(feed: Feed): void {
    this.released.push(feed);
  }

  forget(connection: Connection): void {
    this.forgotten.push(connection);
  }

  watchStalled(connection: Connection): void {
    this.stalled.push(connection);
  }
}

/** A connection on a modelled socket. */
export function connectionOn(
  host: ConnectionHost,
  socket = new ModelSocket(),
): { connection: Connection; socket: ModelSocket } {
  const connection = new Connection({ id: 'connection-1', socket, host });
  socket.connection = connection;
  return { connection, socket };
}
