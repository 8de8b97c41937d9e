import type { ClientTokenResult } from '@postline/client-tokens';
import { createLogger } from '@postline/service-runtime';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Connection } from '../../src/connection/connection.ts';
import { TokenAuthentication } from '../../src/identifying/authentication.ts';
import { ConnectionTokens } from '../../src/identifying/connection-tokens.ts';
import { RelayCounters } from '../../src/metrics/relay-counters.ts';
import { good, HeldVerifier, HOUR_MS, NOW, refused } from '../support/held-verifier.ts';
import { connectionOn, RecordingHost } from '../support/model-host.ts';
import type { ModelSocket } from '../support/model-socket.ts';

describe('ConnectionTokens', () => {
  let verifier: HeldVerifier;
  let tokens: ConnectionTokens;
  let counters: RelayCounters;
  let badTokens: string[];
  let revoked: boolean;
  let accepted: unknown[];
  let connection: Connection;
  let socket: ModelSocket;

  beforeEach(() => {
    vi.useFakeTimers({ now: NOW });
    verifier = new HeldVerifier();
    counters = new RelayCounters();
    badTokens = [];
    accepted = [];
    const logger = createLogger({ service: 'test', level: 'silent' });
    const noteBadToken = (address: string) => badTokens.push(address);
    revoked = false;
    tokens = new ConnectionTokens({
      authentication: new TokenAuthentication({
        verifier,
        counters,
        logger,
        addresses: { noteBadToken },
        refusals: { note: () => undefined },
      }),
      logger,
      isRevoked: () => Promise.resolve(revoked),
    });
    ({ connection, socket } = connect());
  });

  afterEach(() => {
    tokens.stop();
    vi.useRealTimers();
  });

  function connect() {
    const host = new RecordingHost();
    host.identify = (identifying, frame) => {
      void tokens.authenticate(identifying, frame).then((result) => {
        if (result !== undefined) accepted.push(result.token);
      });
    };
    host.renewToken = (renewing, clientId, token) => {
      tokens.renew(renewing, clientId, token);
    };
    host.onClosed = (gone) => {
      tokens.forget(gone);
    };
    return connectionOn(host, undefined, '10.0.0.1');
  }

  const identify = (token?: string) => {
    connection.onText(JSON.stringify({ type: 'identify', clientId: 1, token }));
  };
  const renew = (token: string) => {
    connection.onText(JSON.stringify({ type: 'token', token }));
  };
  const closedWith = () => socket.closedWith?.code;

  it('[TOK-1] nothing happens before the token is verified; then the client is admitted with its claims', async () => {
    identify('t');
    expect([accepted, socket.sent]).toEqual([[], []]);
    await verifier.answer(good());
    expect(accepted).toMatchObject([{ clientId: '1', expiresAt: NOW + HOUR_MS, issuedAt: NOW }]);
    expect(socket.isOpen).toBe(true);
  });

  it.each<[string, ClientTokenResult, number, string]>([
    ['one that is bad', refused('invalid'), 4501, 'unauthorized'],
    ['that of another client', good(NOW + HOUR_MS, '2'), 4501, 'unauthorized'],
    ['one that has expired', refused('expired'), 4001, 'token_expired'],
    ['one whose key can not be had', refused('unverifiable'), 1013, 'token_unverifiable'],
  ])('[TOK-1] %s admits no client', async (_what, result, code, error) => {
    identify('t');
    await verifier.answer(result);
    expect(closedWith()).toBe(code);
    expect(socket.frames()).toMatchObject([{ type: 'error', code: error }]);
    expect(accepted).toEqual([]);
    expect(badTokens).toHaveLength(code === 4501 ? 1 : 0);
  });

  it('[TOK-1] without a token: 4501, and nothing is asked', async () => {
    identify();
    await vi.advanceTimersByTimeAsync(0);
    expect(closedWith()).toBe(4501);
    expect(verifier.asked).toEqual([]);
  });

  it('[DEL-13] a second identify while the first is verified: 4500, and the first leads to nothing', async () => {
    identify('t');
    identify('t');
    expect(closedWith()).toBe(4500);
    await verifier.answer(good());
    expect(accepted).toEqual([]);
  });

  it('[TOK-1] a client that leaves while its token is verified is not admitted', async () => {
    identify('t');
    connection.onClosed();
    await verifier.answer(good());
    expect(accepted).toEqual([]);
  });

  it('[TOK-8] the connection ends with 4001 when its token does', async () => {
    identify('t');
    await verifier.answer(good(NOW + 5_000));
    await vi.advanceTimersByTimeAsync(4_999);
    expect(closedWith()).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1);
    expect(closedWith()).toBe(4001);
    expect(socket.frames()).toMatchObject([{ type: 'error', code: 'token_expired' }]);
  });

  it('[TOK-8] a fresh token is confirmed, and counts from then on', async () => {
    identify('t');
    await verifier.answer(good(NOW + 5_000));
    renew('fresh');
    await verifier.answer(good(NOW + 10_000));
    expect(socket.frames()).toEqual([{ type: 'token_accepted', expiresAt: '2026-11-25T12:00:10.000Z' }]);
    await vi.advanceTimersByTimeAsync(9_999);
    expect(closedWith()).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1);
    expect(closedWith()).toBe(4001);
  });

  it.each<[string, ClientTokenResult, number]>([
    ['for another client', good(NOW + HOUR_MS, '2'), 4501],
    ['that is bad', refused('invalid'), 4501],
    ['that has expired', refused('expired'), 4001],
  ])('[TOK-8] a fresh token %s ends the connection', async (_what, result, code) => {
    identify('t');
    await verifier.answer(good());
    renew('fresh');
    await verifier.answer(result);
    expect(closedWith()).toBe(code);
  });

  it('[TOK-9] while keys can not be had a connection goes on with the token it has, until that ends', async () => {
    identify('t');
    await verifier.answer(good(NOW + 5_000));
    renew('fresh');
    await verifier.answer(refused('unverifiable'));
    expect(socket.frames()).toMatchObject([{ type: 'error', code: 'token_unverifiable' }]);
    expect(socket.isOpen).toBe(true);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(closedWith()).toBe(4001);
  });

  it('[TOK-8] tokens are taken in their order, also while identify is verified; only the newest that waits', async () => {
    identify('first');
    renew('second');
    renew('third');
    await vi.advanceTimersByTimeAsync(0);
    expect(verifier.asked).toEqual(['first']);
    await verifier.answer(good(NOW + 5_000));
    expect(verifier.asked).toEqual(['first', 'third']);
    await verifier.answer(good(NOW + 10_000));
    expect(accepted).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(9_999);
    expect(closedWith()).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1);
    expect(closedWith()).toBe(4001);
  });

  it('[SEC-6] a fresh token that was revoked ends the connection, and counts as a bad one', async () => {
    identify('t');
    await verifier.answer(good());
    revoked = true;
    renew('fresh');
    await verifier.answer(good());
    expect(closedWith()).toBe(4501);
    expect(badTokens).toEqual(['10.0.0.1']);
  });

  it('[TOK-8] a token before identify is a bad frame', () => {
    renew('t');
    expect(closedWith()).toBe(4500);
  });

  it('counts what came of the tokens', async () => {
    identify('t');
    await verifier.answer(good());
    renew('fresh');
    await verifier.answer(refused('expired'));
    expect(Object.fromEntries(counters.tokenChecksByOutcome)).toEqual({ accepted: 1, expired: 1 });
  });
});
