import { WebSocket } from 'ws';
import { reasonOf } from '../api/api-client.ts';
import { fault, type Finding, ok } from './finding.ts';

const CHECK = 'origin';
const ANSWER_MS_MAX = 5_000;
const STATUS_FORBIDDEN = 403;

export interface OriginToCheck {
  /** For example `https://shop.example`. */
  readonly origin: string;
  readonly apiUrl: string;
  readonly relayUrl: string;
  readonly identify: object;
}

/** Checks whether pages of an origin may publish and listen. */
export async function checkOrigin(options: OriginToCheck): Promise<readonly Finding[]> {
  const { origin } = options;
  const refused = [];
  if (!(await mayPublish(options))) refused.push('API');
  if (!(await mayListen(options))) refused.push('relay');
  if (refused.length === 0) return [ok(CHECK, `pages of ${origin} may publish and listen`)];
  return refused.map((service) =>
    fault(
      CHECK,
      `the ${service} refuses pages of ${origin}`,
      `Add ${origin} to the ALLOWED_ORIGINS of the ${service}.`,
    ),
  );
}

async function mayPublish({ origin, apiUrl }: OriginToCheck): Promise<boolean> {
  const headers = { Origin: origin, 'Access-Control-Request-Method': 'POST' };
  const signal = AbortSignal.timeout(ANSWER_MS_MAX);
  const { status } = await fetch(`${apiUrl}/messages`, { method: 'OPTIONS', headers, signal });
  return status !== STATUS_FORBIDDEN;
}

/** The relay accepts every socket. If the origin is not allowed, its first frame says so. */
function mayListen({ origin, relayUrl, identify }: OriginToCheck): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const url = relayUrl.replace(/^http/, 'ws');
    const socket = new WebSocket(url, { origin, handshakeTimeout: ANSWER_MS_MAX });
    socket.once('open', () => socket.send(JSON.stringify(identify)));
    socket.once('message', (data: Buffer) => {
      socket.close();
      resolve(!data.toString('utf8').includes('"origin_not_allowed"'));
    });
    socket.once('error', (error) => reject(new Error(reasonOf(error), { cause: error })));
  });
}
