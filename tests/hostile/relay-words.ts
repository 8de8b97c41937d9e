/** Checks what a relay sends on a WebSocket, from the raw bytes. */

const HEAD_END = '\r\n\r\n';
const CLOSE = 8;
const TEXT = 1;
const PING = 9;
const PONG = 10;
const RELAY_FRAMES = new Set([
  'identified',
  'pong',
  'error',
  'heartbeat',
  'new_message',
  'truncated',
  'history',
]);

/** The close codes for faults of the client. 1011 would be a failure of the relay. */
const PEERS_FAULT = new Set([1000, 1001, 1002, 1007, 1008, 1009]);

export interface RelayWords {
  readonly texts: readonly Readonly<Record<string, unknown>>[];
  readonly closeCode: number | undefined;
}

/** Reads the frames after the answer to the handshake. */
export function readRelayWords(received: Buffer): RelayWords {
  const texts: Readonly<Record<string, unknown>>[] = [];
  let closeCode: number | undefined;
  let at = received.indexOf(HEAD_END) + HEAD_END.length;
  while (at + 2 <= received.length) {
    const opcode = (received[at] ?? 0) & 0x0f;
    const { length, start } = payloadOf(received, at);
    const payload = received.subarray(start, start + length);
    if (opcode === TEXT)
      texts.push(JSON.parse(payload.toString('utf8')) as Readonly<Record<string, unknown>>);
    else if (opcode === CLOSE && length >= 2) closeCode = payload.readUInt16BE(0);
    else if (![PING, PONG, CLOSE].includes(opcode)) throw new Error(`the relay sent opcode ${opcode}`);
    at = start + length;
  }
  return { texts, closeCode };
}

function payloadOf(received: Buffer, at: number): { length: number; start: number } {
  const short = (received[at + 1] ?? 0) & 0x7f;
  if (short < 126) return { length: short, start: at + 2 };
  if (short === 126) return { length: received.readUInt16BE(at + 2), start: at + 4 };
  return { length: Number(received.readBigUInt64BE(at + 2)), start: at + 10 };
}

/** Checks how the relay answered a bad frame. Returns what is wrong, or undefined. */
export function complaintAboutRelay(received: Buffer): string | undefined {
  const status = received.toString('latin1', 0, 12);
  if (status !== 'HTTP/1.1 101') return `the upgrade was answered with ${status}`;
  const { texts, closeCode } = readRelayWords(received);
  const unknown = texts.find(({ type }) => typeof type !== 'string' || !RELAY_FRAMES.has(type));
  if (unknown !== undefined) return `the frame ${JSON.stringify(unknown)}`;
  if (closeCode === undefined || closeCode >= 4000 || PEERS_FAULT.has(closeCode)) return undefined;
  return `close code ${closeCode}`;
}
