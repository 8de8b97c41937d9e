/**
 * RFC 6455 against the relay's own port, with frames made by hand: invalid frames must fail the connection, valid ones
 * must be accepted.
 */
import { connect } from 'node:net';
import { rawFrame, type StandaloneProcess, startStandalone, upgradeRequest } from '@postline/test-support';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  bytesOf,
  close,
  closeWith,
  CODES_TO_SEND,
  FAILED,
  PING,
  PONG,
  PROTOCOL_PING,
  TAKEN,
  text,
  titleOf,
} from './rfc-6455-cases.ts';
import { openPeer, WebSocketPeer } from './web-socket-peer.ts';

/** This many bytes are sent one by one. The rest of a long message is sent at once. */
const PIECES_MAX = 300;

let system: StandaloneProcess;
let port: number;

beforeAll(async () => {
  system = await startStandalone();
  port = Number(new URL(system.relayUrl).port);
});

afterAll(async () => {
  await system.stop();
});

describe('[HOS-4] RFC 6455: the connection is failed', () => {
  it.each(FAILED.map((one) => [titleOf(one), one] as const))('%s', async (_title, { send, code }) => {
    const peer = await openPeer(port);
    peer.write(bytesOf(send));
    expect(await peer.closeCode()).toBe(code);
    await peer.ended();
  });
});

describe('[HOS-4] RFC 6455: the message is accepted', () => {
  it.each(TAKEN.map((one) => [titleOf(one), one] as const))('%s', async (_title, { send }) => {
    const peer = await openPeer(port);
    peer.write(bytesOf(send));
    await peer.says(PONG);
    peer.destroy();
  });

  it.each(TAKEN.map((one) => [titleOf(one), one] as const))('%s, byte by byte', async (_title, { send }) => {
    const peer = await openPeer(port);
    const bytes = bytesOf(send);
    for (const byte of bytes.subarray(0, PIECES_MAX)) peer.write(Buffer.from([byte]));
    peer.write(bytes.subarray(PIECES_MAX));
    await peer.says(PONG);
    peer.destroy();
  });
});

describe('[HOS-4] RFC 6455: closing', () => {
  it.each(CODES_TO_SEND)('§5.5.1 a close with %d is answered with the same code', async (code) => {
    const peer = await openPeer(port);
    peer.write(rawFrame(closeWith(code, 'so long')));
    expect(await peer.closeCode()).toBe(code);
    await peer.ended();
  });

  it('§5.5.1 an empty close is answered with an empty close', async () => {
    const peer = await openPeer(port);
    peer.write(rawFrame(close()));
    expect(await peer.closeCode()).toBeUndefined();
    await peer.ended();
  });

  it('§5.5.1 frames after a close are ignored', async () => {
    const peer = await openPeer(port);
    peer.write(bytesOf([closeWith(1000), text(PING), text(PING, { reserved: 7 })]));
    expect(await peer.closeCode()).toBe(1000);
    await peer.ended();
    expect(peer.received()).not.toContain(PONG);
  });

  it('§5.5.2 a pong has the payload of its ping', async () => {
    const peer = await openPeer(port);
    peer.write(rawFrame({ opcode: PROTOCOL_PING, payload: 'mirror me' }));
    await peer.says('\x8a\x09mirror me');
    peer.destroy();
  });
});

describe('[HOS-4] RFC 6455: the handshake', () => {
  const GOOD = upgradeRequest();
  const BAD: readonly (readonly [section: string, what: string, request: string, status: number])[] = [
    ['4.2.1', 'another method', GOOD.replace('GET', 'POST'), 405],
    ['4.2.1', 'no key', GOOD.replace(/Sec-WebSocket-Key.*\r\n/, ''), 400],
    ['4.2.1', 'a key that is too short', GOOD.replace(/(Sec-WebSocket-Key:).*/, '$1 c2hvcnQ='), 400],
    [
      '4.2.1',
      'a key that is no base64',
      GOOD.replace(/(Sec-WebSocket-Key:).*/, '$1 !!!!!!!!!!!!!!!!!!!!!!=='),
      400,
    ],
    ['4.2.1', 'no version', GOOD.replace(/Sec-WebSocket-Version.*\r\n/, ''), 400],
    ['4.4', 'a version of the future', GOOD.replace('Version: 13', 'Version: 14'), 400],
    ['10.2', 'a host that is not ours', GOOD.replace('Host: localhost', 'Host: evil.example'), 403],
    ['4.2.1', 'a subprotocol header that is none', upgradeRequest('Sec-WebSocket-Protocol: ,,\r\n'), 400],
  ];

  it.each(BAD)('§%s %s is refused', async (_section, _what, request, status) => {
    const peer = new WebSocketPeer(connect({ host: '127.0.0.1', port }));
    peer.write(Buffer.from(request));
    await peer.ended();
    expect(peer.received()).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(peer.received()).not.toMatch(/<html|    at /i);
  });

  it('§4.4 the answer names the supported version', async () => {
    const peer = new WebSocketPeer(connect({ host: '127.0.0.1', port }));
    peer.write(Buffer.from(GOOD.replace('Version: 13', 'Version: 14')));
    await peer.ended();
    expect(peer.received()).toMatch(/^Sec-WebSocket-Version: 13/m);
  });

  it('§9.1 an offered extension is not accepted', async () => {
    const peer = new WebSocketPeer(connect({ host: '127.0.0.1', port }));
    peer.write(Buffer.from(upgradeRequest('Sec-WebSocket-Extensions: permessage-deflate\r\n')));
    await peer.says('\r\n\r\n');
    expect(peer.received()).toMatch(/^HTTP\/1\.1 101 /);
    expect(peer.received()).not.toMatch(/Sec-WebSocket-Extensions/i);
    peer.destroy();
  });
});
