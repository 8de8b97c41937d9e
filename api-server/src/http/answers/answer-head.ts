import { STATUS_CODES, type ServerResponse } from 'node:http';

/** Header names and values, alternating. */
export type HeaderList = readonly string[];

/** The headers of every answer to one request. */
export interface CommonHeaders {
  readonly requestId: string;
  readonly shared: SharedHeaders;
}

/** Headers that the answers to many requests have. */
export class SharedHeaders {
  readonly list: HeaderList;
  /** The same as lines of a head, for a connection that is kept open. */
  readonly lines: string;

  /** `keepAliveTimeoutMs`: how long a connection is kept open. */
  constructor(list: HeaderList, keepAliveTimeoutMs: number) {
    this.list = list;
    const seconds = Math.floor(keepAliveTimeoutMs / 1_000);
    this.lines = linesOf([...list, 'Connection', 'keep-alive', 'Keep-Alive', `timeout=${seconds}`]);
  }
}

function linesOf(list: HeaderList): string {
  let lines = '';
  for (let index = 0; index < list.length; index += 2) lines += `${list[index]}: ${list[index + 1]}\r\n`;
  return lines;
}

export function headerListOf({ requestId, shared }: CommonHeaders): string[] {
  return ['X-Request-Id', requestId, ...shared.list];
}

interface HeadParts {
  readonly common: CommonHeaders;
  readonly bodyBytes: number;
}

/** `writeHead` puts the head here in all supported versions of Node. It is not documented. */
interface ResponseWithHead {
  _header?: string | null;
}

/** Whatever ends a header, or is refused in one (RFC 9110, 5.5). */
const NOT_IN_A_HEADER = /[^\t\x20-\x7e]/;

/**
 * Gives a response its whole head as one text. Returns false if that must be left to `writeHead`: a connection that closes,
 * an answer without a body, a header that was set before. For each answer `writeHead` checks each header and looks for
 * those that mean something to Node, though here the headers hardly ever differ.
 */
export function writeHeadAsText(
  response: ServerResponse & ResponseWithHead,
  answer: { readonly status: number; readonly headers: Readonly<Record<string, string>> },
  { common, bodyBytes }: HeadParts,
): boolean {
  if (response._header !== null || !response.shouldKeepAlive || response.hasHeader('Connection'))
    return false;
  if (answer.status === 204 || response.req.method === 'HEAD') return false;
  let lines = '';
  for (const name in answer.headers) {
    const value = answer.headers[name] ?? '';
    if (NOT_IN_A_HEADER.test(value)) return false;
    lines += `${name}: ${value}\r\n`;
  }
  response.statusCode = answer.status;
  response._header =
    `HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status] ?? ''}\r\nX-Request-Id: ${common.requestId}\r\n` +
    `${lines}Content-Length: ${bodyBytes}\r\nDate: ${httpDate()}\r\n${common.shared.lines}\r\n`;
  return true;
}

let dateSecond = NaN;
let dateText = '';

/** Now, in the format of HTTP. Made once a second. */
function httpDate(): string {
  const second = Math.floor(Date.now() / 1_000);
  if (second !== dateSecond) {
    dateSecond = second;
    dateText = new Date(second * 1_000).toUTCString();
  }
  return dateText;
}
