import { waitUntil } from '@postline/test-support';
import type { PostlineClientOptions } from '../../src/client-options.ts';
import type { Followed, Unfollowed } from '../../src/message.ts';
import { ClientScene } from './client-scene.ts';
import type { FakeConnection } from './fake-relay.ts';

export const ROOM = 'group:room-7';
export const NEWS = 'group:news';

/** The entry of a group in `identified.targets`. */
export function groupAt(offset: number, head = offset): Record<string, unknown> {
  return { offset, head, recovered: true };
}

export function followed(
  targetId: string,
  offset = 0,
  more: Partial<Followed> = {},
): Record<string, unknown> & Followed {
  return { type: 'followed', targetId, offset, head: offset, recovered: true, cause: 'followed', ...more };
}

export function unfollowed(
  targetId: string,
  cause: Unfollowed['cause'] = 'unfollowed',
): Record<string, unknown> {
  return { type: 'unfollowed', targetId, cause };
}

/** A client with what it handled of which target, and what it reported about groups. */
export class GroupScene extends ClientScene {
  texts: string[] = [];
  events: (Followed | Unfollowed)[] = [];

  static override forEachTest(): GroupScene {
    return ClientScene.prepare(new GroupScene());
  }

  override start(options: Partial<PostlineClientOptions> = {}): ReturnType<ClientScene['start']> {
    const client = super.start(options);
    this.texts = [];
    this.events = [];
    client.on('message', ({ targetId, offset }) => this.texts.push(`${targetId} ${offset}`));
    client.on('followed', (event) => this.events.push(event));
    client.on('unfollowed', (event) => this.events.push(event));
    return client;
  }

  /** The first connection, once the client is live on it. */
  async live(groups: Record<string, unknown> = {}): Promise<FakeConnection> {
    const connection = await this.relay.connection(1);
    await connection.identified({}, 'e1', groups);
    await this.inState('live');
    return connection;
  }

  handles(...expected: string[]): Promise<unknown> {
    return waitUntil(`${expected.join()} handled`, () => this.texts.join() === expected.join());
  }

  /** Breaks the connection, and waits for the next one. */
  async reconnect(connection: FakeConnection, number: number): Promise<FakeConnection> {
    connection.cut();
    await this.inState('waiting');
    this.environment.advance(1_000);
    return this.relay.connection(number);
  }
}
