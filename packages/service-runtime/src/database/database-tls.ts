import { checkCertificates, readPemFile } from '../settings/certificate-file.ts';

/** What is verified about the server, from least to most: nothing, who signed its certificate, and for which host. */
const LEVELS = ['nothing', 'authority', 'identity'] as const;
type TlsLevel = (typeof LEVELS)[number];

/** TLS is required: without it there is no connection. */
export interface DatabaseTls {
  readonly verify: TlsLevel;
  /** PEM of the authorities that are trusted in place of the system's. */
  readonly ca?: string;
  /** The client's own certificate and key, PEM. */
  readonly cert?: string;
  readonly key?: string;
}

/** The meaning of one parameter. An undefined `level` leaves open how much is verified. */
export interface TlsStatement {
  readonly name: string;
  readonly use: 'on' | 'off' | undefined;
  readonly level?: TlsLevel;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

type Statement = Omit<TlsStatement, 'name'>;

const OFF: Statement = { use: 'off' };
const UNSAID: Statement = { use: undefined };
const on = (level: TlsLevel): Statement => ({ use: 'on', level });

/**
 * MySQL's modes and PostgreSQL's words for them. A client that only "prefers" TLS falls back to plain text, which an
 * attacker can force: here TLS is required instead.
 */
const MODES: ReadonlyMap<string, Statement> = new Map([
  ['disabled', OFF],
  ['disable', OFF],
  ['preferred', on('nothing')],
  ['prefer', on('nothing')],
  ['allow', on('nothing')],
  ['required', on('nothing')],
  ['require', on('nothing')],
  ['verifyca', on('authority')],
  ['verifyidentity', on('identity')],
  ['verifyfull', on('identity')],
]);

const yesOrNo = (yes: Statement, no: Statement): ReadonlyMap<string, Statement> =>
  new Map([
    ...['true', '1', 'yes', 'on'].map((word) => [word, yes] as const),
    ...['false', '0', 'no', 'off'].map((word) => [word, no] as const),
  ]);

/** By the parameter's name, and its value, both in lower case without `-` and `_`. */
const WORDS: ReadonlyMap<string, ReadonlyMap<string, Statement>> = new Map([
  ['sslmode', MODES],
  ['tlsmode', MODES],
  ['ssl', new Map([...MODES, ...yesOrNo(on('identity'), OFF)])],
  ['tls', new Map([...MODES, ...yesOrNo(on('identity'), OFF), ['skipverify', on('nothing')]])],
  ['usessl', yesOrNo(on('nothing'), OFF)],
  ['usetls', yesOrNo(on('nothing'), OFF)],
  ['requiressl', yesOrNo(on('nothing'), UNSAID)],
  ['ssldisabled', yesOrNo(OFF, UNSAID)],
  [
    'sslaccept',
    new Map([
      ['strict', on('identity')],
      ['acceptinvalidcerts', on('nothing')],
    ]),
  ],
  ['verifyservercertificate', yesOrNo(on('authority'), UNSAID)],
  ['sslverifycert', yesOrNo(on('authority'), UNSAID)],
  ['sslverifyservercert', yesOrNo(on('identity'), UNSAID)],
  ['sslverifyidentity', yesOrNo(on('identity'), UNSAID)],
  ['sslcheckhostname', yesOrNo(on('identity'), UNSAID)],
]);

const CA_NAMES: ReadonlySet<string> = new Set(['sslca', 'sslcafile', 'sslrootcert', 'tlsca', 'tlscafile']);

/** The meaning of a parameter about TLS; a text where its value is wrong, undefined where it is another parameter. */
export function tlsStatementOf(name: string, value: string): Statement | string | undefined {
  try {
    if (CA_NAMES.has(name)) {
      if (value === 'system') return on('identity'); // PostgreSQL's word for the system's own authorities
      return { use: 'on', ca: checkCertificates(readPemFile(value)) };
    }
    if (name === 'sslcert') return { use: 'on', cert: checkCertificates(readPemFile(value)) };
    if (name === 'sslkey') return { use: 'on', key: readPemFile(value) };
    if (name === 'ssl' && value.startsWith('{')) return objectStatement(value);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  const words = WORDS.get(name);
  return words === undefined
    ? undefined
    : (words.get(value.toLowerCase().replace(/[-_]/g, '')) ?? NOT_A_WORD);
}

const NOT_A_WORD = 'has an unknown value (docs/database-connection.md lists the known ones)';

const OBJECT_KEYS: ReadonlySet<string> = new Set([
  'rejectUnauthorized',
  'verifyIdentity',
  'ca',
  'cert',
  'key',
]);

/** `ssl={"rejectUnauthorized":true}`, as drivers for Node take it. */
function objectStatement(json: string): Statement | string {
  let options: Record<string, unknown>;
  try {
    options = JSON.parse(json) as Record<string, unknown>;
  } catch {
    return 'is not JSON';
  }
  const strange = Object.keys(options).find((key) => !OBJECT_KEYS.has(key));
  if (strange !== undefined) return 'has an unknown key (docs/database-connection.md lists the known ones)';
  const { rejectUnauthorized = true, verifyIdentity = false, ca, cert, key } = options;
  if (typeof rejectUnauthorized !== 'boolean' || typeof verifyIdentity !== 'boolean') {
    return 'needs true or false for rejectUnauthorized and verifyIdentity';
  }
  const pems = { ca, cert, key };
  if (Object.values(pems).some((pem) => pem !== undefined && typeof pem !== 'string')) {
    return 'needs PEM texts for ca, cert and key';
  }
  const given = Object.fromEntries(Object.entries(pems).filter(([, pem]) => pem !== undefined));
  if (typeof ca === 'string') checkCertificates(ca);
  const level = !rejectUnauthorized ? 'nothing' : verifyIdentity ? 'identity' : 'authority';
  return { use: 'on', level, ...given };
}

/** Combines all parameters: the strictest wins, and a parameter for TLS contradicts one against it. */
export function combineTls(
  statements: readonly TlsStatement[],
): DatabaseTls | 'off' | undefined | { readonly error: string } {
  const against = statements.find(({ use }) => use === 'off');
  const wanting = statements.filter(({ use }) => use === 'on');
  const [first] = wanting;
  if (first === undefined) return against === undefined ? undefined : 'off';
  if (against !== undefined) {
    return { error: `the parameters ${against.name} and ${first.name} contradict each other about TLS` };
  }
  const { ca, cert, key } = Object.assign({}, ...wanting) as Statement;
  if ((cert === undefined) !== (key === undefined)) {
    return {
      error: 'a certificate of the client (ssl-cert) needs its key (ssl-key), and the other way round',
    };
  }
  const said = wanting.flatMap(({ level }) => (level === undefined ? [] : [level]));
  const strictest = LEVELS.findLast((level) => said.includes(level)) ?? 'authority';
  return withAuthority(
    {
      verify: strictest,
      ...(cert === undefined || key === undefined ? {} : { cert, key }),
    },
    ca,
  );
}

/** An authority that is named is verified: `REQUIRED` with one means at least `VERIFY_CA`, as in PostgreSQL. */
export function withAuthority(tls: DatabaseTls, ca: string | undefined): DatabaseTls {
  if (ca === undefined) return tls;
  const together = tls.ca === undefined ? ca : `${tls.ca}\n${ca}`;
  return { ...tls, ca: together, verify: tls.verify === 'nothing' ? 'authority' : tls.verify };
}
