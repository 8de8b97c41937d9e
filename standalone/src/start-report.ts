import { effectiveAuth, effectiveOriginRules, isOriginAllowed, VERSION } from '@postline/service-runtime';
import type { StandaloneEnvironment } from './configuration.ts';

export interface StartReportOptions {
  readonly env: StandaloneEnvironment;
  readonly apiPort: number;
  readonly relayPort: number;
  /** Where messages are kept. */
  readonly place: string;
}

/** What was started, and where it answers. */
export interface StartReport {
  /** Undefined if the relay does not serve the page. */
  readonly page: string | undefined;
  /** The page's origin, if the page is served but ALLOWED_ORIGINS does not let it connect. */
  readonly originToAllow?: string;
  readonly api: string;
  readonly docs: string;
  readonly relay: string;
  readonly auth: 'open' | 'required';
  readonly data: string;
}

/** Addresses that a program on this machine reaches as `localhost`. */
const LOCAL_ADDRESSES = new Set(['0.0.0.0', '::', '127.0.0.1', '::1']);

/** Browsers leave it out of an origin. */
const HTTP_PORT = 80;

export function startReport({ env, apiPort, relayPort, place }: StartReportOptions): StartReport {
  const auth = effectiveAuth(env);
  const host = urlHost(env.HOST);
  const api = `http://${host}:${apiPort}`;
  const servesPage = env.SERVE_PAGE ?? auth === 'open';
  const origin = relayPort === HTTP_PORT ? `http://${host}` : `http://${host}:${relayPort}`;
  return {
    page: servesPage ? `${origin}/?clientId=1` : undefined,
    ...(servesPage && !isOriginAllowed(effectiveOriginRules(env), origin) && { originToAllow: origin }),
    api,
    docs: `${api}/docs`,
    relay: `ws://${host}:${relayPort}`,
    auth,
    data: place,
  };
}

function urlHost(host: string): string {
  if (LOCAL_ADDRESSES.has(host)) return 'localhost';
  return host.includes(':') ? `[${host}]` : host;
}

const MODES = {
  open: 'open: anyone who reaches these ports may publish and listen (AUTH=open)',
  required: 'publishers need a key, clients need a token (AUTH=required)',
};

/** The report as a person reads it at a terminal. */
export function bannerLines(report: StartReport): readonly string[] {
  const { page, originToAllow, api, docs, relay, auth, data } = report;
  return [
    '',
    `  Postline ${VERSION} is ready.`,
    '',
    `  Page   ${page ?? 'not served (SERVE_PAGE=yes serves it)'}`,
    ...(originToAllow === undefined
      ? []
      : [`         It cannot connect yet: add ${originToAllow} to ALLOWED_ORIGINS.`]),
    `  API    ${api}`,
    `  Docs   ${docs}`,
    `  Relay  ${relay}`,
    `  Mode   ${MODES[auth]}`,
    `  Data   ${data}`,
    '',
    '  Ctrl-C ends it.',
    '',
  ];
}
