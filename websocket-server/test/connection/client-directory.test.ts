import { beforeEach, describe, expect, it } from 'vitest';
import { ClientDirectory } from '../../src/connection/client-directory.ts';
import { connectionOn, RecordingHost } from '../support/model-host.ts';

describe('ClientDirectory', () => {
  let clients: ClientDirectory;
  let events: string[];

  beforeEach(() => {
    events = [];
    clients = new ClientDirectory({
      connectionsPerClientMax: 2,
      onFirst: (clientId) => events.push(`first of ${clientId}`),
      onLast: (clientId) => events.push(`last of ${clientId}`),
    });
  });

  const connection = () => connectionOn(new RecordingHost()).connection;

  it('finds the connections of each client, and no others', () => {
    const [one, two, other] = [connection(), connection(), connection()];
    clients.add('ann', one);
    clients.add('ann', two);
    clients.add('bob', other);
    expect([...clients.connectionsOf('ann')]).toEqual([one, two]);
    expect([...clients.connectionsOf('bob')]).toEqual([other]);
    expect([...clients.connectionsOf('cid')]).toEqual([]);
  });

  it('[LIM-3] a client has at most so many connections, and another client is not affected', () => {
    const [one, two, three] = [connection(), connection(), connection()];
    expect([clients.add('ann', one), clients.add('ann', two), clients.add('ann', three)]).toEqual([
      true,
      true,
      false,
    ]);
    clients.remove('ann', three); // it was never counted
    expect(clients.add('bob', connection())).toBe(true);
    expect(clients.add('ann', connection())).toBe(false);
    clients.remove('ann', one);
    expect(clients.add('ann', connection())).toBe(true);
    expect(clients.add('ann', connection())).toBe(false);
  });

  it('reports the first and the last connection of a client, once each', () => {
    const [one, two] = [connection(), connection()];
    clients.add('ann', one);
    clients.add('ann', two);
    clients.remove('ann', one);
    expect(events).toEqual(['first of ann']);
    clients.remove('ann', two);
    clients.remove('ann', two);
    expect(events).toEqual(['first of ann', 'last of ann']);
    clients.add('ann', one);
    clients.remove('ann', two); // not among its connections
    expect(events).toEqual(['first of ann', 'last of ann', 'first of ann']);
    clients.remove('ann', one);
    expect(clients.size).toBe(0);
  });
});
