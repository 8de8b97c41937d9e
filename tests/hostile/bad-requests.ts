import fc from 'fast-check';
import { createRandom, type Random } from '../faults/src/random.ts';
import { badBodies, changed } from './bad-bodies.ts';
import type { RawRequest } from './raw-http.ts';

const GOOD_BODY = Buffer.from('{"message":"x"}'); // valid except for its target
const PUBLISH_PATHS = ['/', '/messages', '/messages/batch'] as const;

/** A request with these header lines and a correct length, so it has exactly one answer. */
function request(start: string, headers: readonly string[], body: Buffer = Buffer.alloc(0)): RawRequest {
  const lines = [
    `${start} HTTP/1.1`,
    'Host: localhost',
    ...headers,
    `Content-Length: ${body.length}`,
    '',
    '',
  ];
  return {
    bytes: Buffer.concat([Buffer.from(lines.join('\r\n'), 'latin1'), body]),
    isHead: start.startsWith('HEAD '),
  };
}

/** Bad bodies, POSTed to paths that take bodies. */
export function requestsWithBadBodies(count: number, seed: number): RawRequest[] {
  const random = createRandom(`${seed}/body-paths`);
  return badBodies(count, seed).map((body) =>
    request(`POST ${random.pick(PUBLISH_PATHS)}`, ['Content-Type: application/json'], body),
  );
}

const HEADERS: readonly string[] = [
  'Content-Type: text/plain',
  'Content-Type: application/json; charset=utf-16',
  'Content-Type: application/json; charset="utf-8',
  'Content-Type: application/x-www-form-urlencoded',
  'Content-Type: multipart/form-data; boundary=x',
  'Content-Type: ;;;;',
  'Content-Type:',
  'Content-Encoding: gzip',
  'Content-Encoding: br, gzip, deflate',
  'Accept: text/html',
  'Accept-Encoding: *;q=0',
  'Accept-Charset: utf-7',
  'Accept-Language: ../../../../etc/passwd',
  'Authorization: Bearer',
  'Authorization: Bearer null',
  'Authorization: Bearer eyJhbGciOiJub25lIn0.e30.',
  'Authorization: Basic OjpA',
  `Authorization: Bearer ${'A'.repeat(8_000)}`,
  `Cookie: ${'a=b; '.repeat(800)}`,
  'Origin: https://evil.example',
  'Origin: null, null',
  'Origin: http://localhost:80@evil.example',
  'Origin: http://localhost.evil.example',
  'Origin: javascript:alert(1)',
  'Origin:',
  'Idempotency-Key:',
  'Idempotency-Key: with space',
  `Idempotency-Key: ${'k'.repeat(256)}`,
  'Idempotency-Key: \xe9\xff',
  'X-Request-Id: <script>alert(1)</script>',
  `X-Request-Id: ${'r'.repeat(4_000)}`,
  'X-Forwarded-For: 127.0.0.1, ::1, evil',
  'X-Forwarded-Host: evil.example',
  'X-HTTP-Method-Override: DELETE',
  'X-Original-URL: /metrics',
  'Forwarded: for="[::1]";host=evil.example',
  'Range: bytes=0-18446744073709551615',
  'If-None-Match: *',
  'If-Modified-Since: never',
  'Expect: 100-continue',
  'Expect: the unexpected',
  'TE: trailers, deflate;q=0.5',
  'Trailer: Content-Length',
  'Max-Forwards: -1',
  'Upgrade: h2c',
  'Connection: keep-alive, Host, Content-Type',
  'Sec-WebSocket-Key: x',
  'Access-Control-Request-Method: DELETE',
  '__proto__: x',
  'constructor: x',
  '\u0024where: 1',
];

const HEADER_NAME = fc
  .string({
    unit: fc.constantFrom(...Array.from('abcdefghijklmnopqrstuvwxyz-_.!#$%&*+^|~0123456789')),
    minLength: 1,
    maxLength: 20,
  })
  .filter((name) => !/^(host|content-length|transfer-encoding|connection|upgrade|expect)$/.test(name));
const HEADER_VALUE = fc.string({
  unit: fc
    .integer({ min: 0x20, max: 0xff })
    .filter((code) => code !== 0x7f)
    .map((code) => String.fromCharCode(code)),
  maxLength: 60,
});
const HEADER = fc.tuple(HEADER_NAME, HEADER_VALUE).map(([name, value]) => `${name}: ${value}`);
const GENERATED_HEADERS = 2_000;
const HEADERS_MAX = 6;

/** Publishes and reads with unusual headers. */
export function requestsWithBadHeaders(count: number, seed: number): RawRequest[] {
  const random = createRandom(`${seed}/headers`);
  const headers = [...HEADERS, ...fc.sample(HEADER, { seed, numRuns: GENERATED_HEADERS })];
  const starts = [
    'POST /',
    'POST /messages',
    'POST /messages/batch',
    'GET /targets/1/messages',
    'OPTIONS /',
    'HEAD /healthz',
  ];
  return Array.from({ length: count }, (_, index) => {
    const some = Array.from({ length: random.integer(0, HEADERS_MAX) }, () => random.pick(headers));
    const start = random.pick(starts);
    const type = random.chance(0.7) ? ['Content-Type: application/json'] : [];
    return request(
      start,
      [...type, headers[index % headers.length] ?? '', ...some].filter((line) => !isUpgrade(line)),
      bodyFor(start),
    );
  });
}

/** An upgrade to another protocol gets no answer that could be counted. */
const isUpgrade = (line: string): boolean => /^(upgrade|connection):/i.test(line);
const bodyFor = (start: string): Buffer => (start.startsWith('POST') ? GOOD_BODY : Buffer.alloc(0));

const PATHS: readonly string[] = [
  '//',
  '/./',
  '/../',
  '/../../../../etc/passwd',
  '/..%2f..%2f..%2fetc/passwd',
  '/%2e%2e/%2e%2e/etc/passwd',
  '/docs/../../../package.json',
  '/docs/..%2fabsolute-path.js',
  '/docs/%00.js',
  '/%',
  '/%zz',
  '/%c0%ae%c0%ae/',
  '/%ff',
  '/%F0%9F%98%80',
  '/.git/config',
  '/.env',
  '/node_modules/express/package.json',
  '/server-status',
  '/messages/',
  '/MESSAGES',
  '/messages/batch/',
  '/messages/batch/1',
  '/messages?x[__proto__][y]=1',
  '/targets',
  '/targets/',
  '/targets//messages',
  '/targets/%/messages',
  '/targets/%2f/messages',
  '/targets/%20/messages',
  '/targets/1%00/messages',
  '/targets/__proto__/messages',
  '/targets/1/messages/',
  '/targets/1/messages/1',
  '/targets/1/messages?after=-1',
  '/targets/1/messages?after=1e9',
  '/targets/1/messages?after=9007199254740993',
  '/targets/1/messages?after=1&after=2',
  '/targets/1/messages?after[]=1',
  '/targets/1/messages?after[a]=1',
  '/targets/1/messages?__proto__[limit]=5',
  '/targets/1/messages?limit=0',
  '/targets/1/messages?limit=1001',
  '/targets/1/messages?limit=NaN',
  '/targets/1/messages?limit=%00',
  '/targets/1/messages?epoch=%ff%fe',
  `/targets/1/messages?epoch=${'e'.repeat(2_000)}`,
  `/targets/${'a'.repeat(4_000)}/messages`,
  `/targets/1/messages?${'a[b]'.repeat(500)}=1`,
  '/targets/1/receipts?x=%',
  '/targets/%61%62/receipts',
  '/clients/1/connections',
  '/clients/%/connections',
  '/readyz/%2e',
  '/metrics;x=1',
  '/openapi.json?callback=alert',
  '*',
  'http://evil.example/',
  'http://localhost:1/messages',
  'http://[::1',
  '/\\..\\..\\windows',
  `/${'a/'.repeat(3_000)}`,
];
const METHODS = [
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
  'TRACE',
  'PROPFIND',
  'M-SEARCH',
  'REPORT',
  'LINK',
] as const;
const PATH = fc.oneof(
  fc.webPath(),
  fc.webUrl(),
  fc.webQueryParameters().map((query) => `/targets/1/messages?${query}`),
  fc
    .string({
      unit: fc.constantFrom(...Array.from('/%.?&=[]+;:@az09~_-*\'"<>{}|^`\\')),
      minLength: 1,
      maxLength: 40,
    })
    .map((path) => `/${path}`),
  fc
    .string({ unit: 'binary', maxLength: 20 })
    .map((id) => `/targets/${encodeURIComponent(id.toWellFormed())}/messages`),
);
const GENERATED_PATHS = 3_000;

/** Any method on any path, except for the documentation page, which is the only path where HTML is correct. */
export function requestsWithBadPaths(count: number, seed: number): RawRequest[] {
  const random = createRandom(`${seed}/paths`);
  const paths = [...PATHS, ...fc.sample(PATH, { seed, numRuns: GENERATED_PATHS })].filter(
    (path) => !/^\/docs(\?|$)/.test(path),
  );
  return Array.from({ length: count }, (_, index) => {
    const path = index < paths.length ? (paths[index] ?? '/') : variation(random.pick(paths), random);
    return request(`${random.pick(METHODS)} ${path === '' ? '/' : path}`, []);
  });
}

/** Consists of visible ASCII only, as HTTP's request line requires. */
function variation(path: string, random: Random): string {
  const text = changed(Buffer.from(path), random)
    .toString('latin1')
    .replace(/[^\x21-\x7e]/g, '%');
  return `/${text}`.replace(/^\/docs(?=\?|$)/, '/doc');
}

const BROKEN: readonly string[] = [
  '',
  '\r\n\r\n\r\n',
  'GET',
  'GET / HTTP/9.9\r\n\r\n',
  'GET / HTTP/1.1\r\n\r\n',
  'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n',
  'GET / HTTP/1.1\nHost: localhost\n\n',
  'GET /a b HTTP/1.1\r\nHost: localhost\r\n\r\n',
  'G\x00T / HTTP/1.1\r\nHost: localhost\r\n\r\n',
  'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
  'CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n',
  'GET / HTTP/1.1\r\nHost: localhost\r\n folded: x\r\n\r\n',
  'GET / HTTP/1.1\r\nHost: localhost\r\nno colon\r\n\r\n',
  'GET / HTTP/1.1\r\nHost : localhost\r\n\r\n',
  'GET / HTTP/1.1\r\nHost: localhost\r\nX: a\x00b\r\n\r\n',
  'GET / HTTP/1.1\r\nHost: localhost\r\nX: a\rInjected: b\r\n\r\n',
  `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`,
  `GET /${'x'.repeat(20_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`,
  `GET / HTTP/1.1\r\nHost: localhost\r\n${'a: b\r\n'.repeat(3_000)}\r\n`,
  'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n',
  'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0x10\r\n\r\n',
  'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999999999999\r\n\r\n',
  'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef',
  'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"mess',
  'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n',
  'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
  'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n',
  'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n',
  'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n1;ext=\x01\r\nx\r\n0\r\n\r\n',
  'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
  'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nHTTP2-Settings: \r\n\r\n',
];

/** Bytes that are hardly HTTP, one connection for each. */
export function brokenRequests(count: number, seed: number): Buffer[] {
  const random = createRandom(`${seed}/broken`);
  const originals = BROKEN.map((text) => Buffer.from(text, 'latin1'));
  return Array.from(
    { length: count },
    (_, index) => originals[index] ?? changed(random.pick(originals), random),
  );
}
