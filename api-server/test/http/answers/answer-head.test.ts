/** The publish routes write the heads of their answers themselves; what goes through Express has heads by Node. */
import { IncomingMessage, ServerResponse } from 'node:http';
import { connect, Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CommonHeaders, SharedHeaders, writeHeadAsText } from '../../../src/http/answers/answer-head.ts';
import { startTestApi, type TestApi, WAYS } from '../../support/start-test-api.ts';

let apis: readonly TestApi[];
beforeAll(async () => {
  apis = await Promise.all(
    WAYS.map((way) => startTestApi({ way, env: { ALLOWED_ORIGINS: 'http://page.test' } })),
  );
});
afterAll(async () => {
  await Promise.all(apis.map((api) => api.close()));
});

const JSON_TYPE = 'Content-Type: application/json\r\n';

function post(headers: string, body: string, version = '1.1'): string {
  return `POST /messages HTTP/${version}\r\nHost: localhost\r\n${headers}Content-Length: ${body.length}\r\n\r\n${body}`;
}

/** Sends bytes on a connection of their own; returns this many answers, all of which are JSON objects. */
async function exchange(port: number, bytes: string, answerCount = 1): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.write(bytes);
  let received = '';
  for await (const chunk of socket) {
    received += (chunk as Buffer).toString();
    if (received.endsWith('}') && received.split('HTTP/1.1 ').length > answerCount) break;
  }
  return received;
}

interface Head {
  readonly status: string;
  /** Sorted: the order of headers has no meaning. */
  readonly headers: readonly string[];
}

function headsIn(received: string): Head[] {
  return received.split(/(?=HTTP\/1\.1 )/).map((answer) => {
    const [status = '', ...lines] = (answer.split('\r\n\r\n')[0] ?? '').split('\r\n');
    return { status, headers: lines.map(withoutWhatDiffers).sort() };
  });
}

function withoutWhatDiffers(line: string): string {
  const name = line.split(':')[0] ?? '';
  if (name === 'X-Request-Id') expect(line).toMatch(/^X-Request-Id: [\w.-]+$/);
  if (name === 'Date') expect(Math.abs(Date.parse(line.slice(6)) - Date.now())).toBeLessThan(5_000);
  return name === 'X-Request-Id' || name === 'Date' ? name : line;
}

describe('[PUB-1] a head that is written as one text is the head that Node would write', () => {
  it.each([
    ['201', JSON_TYPE, '{"message":"a","targetId":1}'],
    ['201 with a key', `${JSON_TYPE}Idempotency-Key: k\r\n`, '{"message":"a","targetId":1}'],
    ['201 of a replay', `${JSON_TYPE}Idempotency-Key: k\r\n`, '{"message":"a","targetId":1}'],
    ['201 for an allowed page', `${JSON_TYPE}Origin: http://page.test\r\n`, '{"message":"a","targetId":1}'],
    ['201 of the last request', `${JSON_TYPE}Connection: close\r\n`, '{"message":"a","targetId":1}'],
    ['400', JSON_TYPE, '{"message":"ä'],
    ['403', `${JSON_TYPE}Origin: http://foreign.test\r\n`, '{"message":"a","targetId":1}'],
    ['415', '', '{"message":"a","targetId":1}'],
    ['422', `${JSON_TYPE}Idempotency-Key: k\r\n`, '{"message":"b","targetId":1}'],
  ])('%s', async (title, headers, body) => {
    const [short, long] = await Promise.all(apis.map((api) => exchange(api.port, post(headers, body))));
    expect(headsIn(short ?? '')).toEqual(headsIn(long ?? ''));
    expect(short).toMatch(new RegExp(`^HTTP/1\\.1 ${title.slice(0, 3)} `));
  });

  it.each(['', 'Connection: keep-alive\r\n'])('HTTP/1.0 %j', async (connection) => {
    const request = post(JSON_TYPE + connection, '{"message":"a","targetId":1}', '1.0');
    const [short, long] = await Promise.all(apis.map((api) => exchange(api.port, request)));
    expect(headsIn(short ?? '')).toEqual(headsIn(long ?? ''));
  });

  it('pipelined requests get their answers in order', async () => {
    const bodies = [1, 2, 3].map((count) => `{"message":"a","targetId":"${'t'.repeat(count)}"}`);
    const requests = bodies.map((body) => post(JSON_TYPE, body)).join('');
    const received = await exchange(apis[0]?.port ?? 0, requests, 3);
    expect(received.match(/"targetId":"t+"/g)).toEqual([
      '"targetId":"t"',
      '"targetId":"tt"',
      '"targetId":"ttt"',
    ]);
    expect(headsIn(received)).toHaveLength(3);
  });
});

describe('[PUB-1] what can not be one text is left to Node', () => {
  const common: CommonHeaders = { requestId: 'r', shared: new SharedHeaders(['Vary', 'Origin'], 5_000) };
  const newResponse = (method = 'POST') => {
    const request = new IncomingMessage(new Socket());
    Object.assign(request, { method, httpVersionMajor: 1, httpVersionMinor: 1 });
    return new ServerResponse(request);
  };
  const isTaken = (response: ServerResponse, value = 'text/plain', status = 200) =>
    writeHeadAsText(response, { status, headers: { 'Content-Type': value } }, { common, bodyBytes: 1 });

  it('takes a plain response, and says that its headers are sent', () => {
    const response = newResponse();
    expect(isTaken(response)).toBe(true);
    expect(response.headersSent).toBe(true);
    expect(isTaken(response)).toBe(false);
  });

  it('takes none that closes its connection, has no body, or has a header that could end early', () => {
    const closing = newResponse();
    closing.shouldKeepAlive = false;
    const drained = newResponse();
    drained.setHeader('Connection', 'close');
    expect([isTaken(closing), isTaken(drained), isTaken(newResponse('HEAD'))]).toEqual([false, false, false]);
    expect(isTaken(newResponse(), 'text/plain', 204)).toBe(false);
    expect(isTaken(newResponse(), 'text/plain\r\nX-Injected: yes')).toBe(false);
    expect(isTaken(newResponse(), 'ä')).toBe(false);
  });

  it('takes none of a Node that keeps the head elsewhere', () => {
    const response = newResponse();
    Reflect.deleteProperty(response, '_header');
    expect(isTaken(response)).toBe(false);
  });
});
