import {
  checkClientTokens,
  clientTokenEnvironment,
  clientTokenSettings,
  type ClientTokenSettings,
} from '@postline/client-tokens';
import { FOLLOWED_GROUPS_MAX, groupNameSchema } from '@postline/protocol';
import { checkPublisherKeys, PublisherKeys, publisherKeysEnvironment } from '@postline/publisher-keys';
import {
  calledAs,
  checkMemory,
  checkTogether,
  drainPeriodMs,
  effectiveAuth,
  effectiveOriginRules,
  effectiveUrls,
  type Environment,
  heldBytesMax,
  integerSetting,
  onOffSetting,
  optionalIntegerSetting,
  type OriginRules,
  processSettings,
  readProcessMemory,
  readSettings,
  type ServiceCommand,
  sharedSettings,
  backendSettings,
  type TrustedProxies,
  urlSetting,
  yesNoSetting,
} from '@postline/service-runtime';
import { z } from 'zod';

/** Any proxy cuts a line that is silent for longer; and the wheel of heartbeats has a slot for each second. */
const HEARTBEAT_SECONDS_MAX = 3_600;

/** A page each for some hundred clients that have stopped reading; the more there are, the less each gets. */
const SOCKET_QUEUES_DEFAULT_MAX_BYTES = 128 * 1024 * 1024;
const SOCKET_QUEUES_DEFAULT_SHARE = 1 / 2;

/** A person has a few devices; a target that many screens share has some hundred. In open mode it may be anything. */
const CONNECTIONS_PER_CLIENT_DEFAULT = { open: 10_000, required: 1_000 };

/** After the last close frame: the time for its answer, and for plain requests in progress. */
const LAST_CLOSES_MS = 3_500;

/** The relay's own settings, by the name of their environment variable. */
export const relayEnvironment = {
  PUBLIC_API_URL: urlSetting(['http:', 'https:'])
    .optional()
    .meta({ description: "Where the page finds the API. Default: the page's own host, port 8080." }),
  SERVE_PAGE: yesNoSetting().optional().meta({
    description:
      "Serve the page. Default: yes with `AUTH=open`. With `AUTH=required`, `ALLOWED_ORIGINS` must name the page's origin.",
  }),
  OPS_PAGE: onOffSetting().optional().meta({
    description:
      'Serve the [operations page](operating.md#the-operations-page) at `/ops`. With `AUTH=required` its readers need a key with the scope `manage`, so the relay needs `PUBLISH_KEYS` as well. `on` or `off`. Default: off.',
  }),
  HEARTBEAT_SECONDS: integerSetting({ from: 1, to: HEARTBEAT_SECONDS_MAX, default: 25 }).meta({
    description:
      'Seconds between heartbeats of one connection; below the idle timeout of common proxies (30 s).',
  }),
  IDENTIFY_TIMEOUT_MS: integerSetting({ from: 100, to: 600_000, default: 10_000 }).meta({
    description: 'Milliseconds in which a new connection must identify.',
  }),
  NO_PROGRESS_MS: integerSetting({ from: 1_000, to: 3_600_000, default: 30_000 }).meta({
    description:
      'Milliseconds after which a connection that reads nothing of what waits for it is closed (4002).',
  }),
  COMPARE_INTERVAL_MS: integerSetting({ from: 100, to: 600_000, default: 3_000 }).meta({
    description:
      'Milliseconds between comparisons of all heads with the database: how late the message of a lost hint is at most.',
  }),
  COMPARE_INTERVAL_WITHOUT_BUS_MS: integerSetting({ from: 50, to: 600_000, default: 1_000 }).meta({
    description: 'The same while Redis is away and the database alone delivers.',
  }),
  CONNECTIONS_MAX: integerSetting({ from: 1, to: 10_000_000, default: 50_000 }).meta({
    description: 'Open connections; one more upgrade is refused with 503.',
  }),
  CONNECTIONS_PER_ADDRESS_MAX: integerSetting({ from: 1, to: 10_000_000, default: 20_000 }).meta({
    description:
      'Open connections from one address (IPv6: one /64 network), WebSockets and plain requests; one more is answered 429. Behind a proxy, see `TRUSTED_PROXIES`.',
  }),
  CONNECTIONS_PER_CLIENT_MAX: optionalIntegerSetting({ from: 1, to: 10_000_000 }).meta({
    description:
      'Open connections of one client; one more is closed with 4029. Default: 1,000; 10,000 with `AUTH=open`.',
  }),
  CONNECTIONS_AWAITING_IDENTIFY_MAX: integerSetting({ from: 1, to: 1_000_000, default: 10_000 }).meta({
    description: 'Connections that have not identified yet; one more upgrade is refused with 503.',
  }),
  CONNECTIONS_AWAITING_IDENTIFY_PER_ADDRESS_MAX: integerSetting({
    from: 1,
    to: 1_000_000,
    default: 5_000,
  }).meta({ description: 'The same from one address; one more upgrade is refused with 429.' }),
  FAILED_AUTHENTICATIONS_PER_MINUTE: integerSetting({ from: 1, to: 1_000_000_000, default: 600 }).meta({
    description:
      'Wrong keys and tokens that one address may try in a minute; then 429. A token that has merely expired does not count.',
  }),
  HEADERS_BYTES_MAX: integerSetting({ from: 1_024, to: 1_048_576, default: 16_384 }).meta({
    description: 'Bytes in the headers of a request, its address included; more is answered 431.',
  }),
  HEADERS_TIMEOUT_MS: integerSetting({ from: 100, to: 600_000, default: 10_000 }).meta({
    description: 'Milliseconds in which the headers of a request must arrive; else 408.',
  }),
  CLIENT_FRAMES_PER_SECOND_MAX: integerSetting({ from: 1, to: 1_000_000, default: 10_000 }).meta({
    description:
      'Frames that one connection may send in a second, on average over 10 s; with more it is closed with 4029. A client that acks every message sends as many frames as it receives.',
  }),
  CLIENT_BYTES_PER_SECOND_MAX: integerSetting({
    from: 1_024,
    to: 1_073_741_824,
    default: 1_048_576,
  }).meta({ description: 'The same in bytes.' }),
  SOCKET_QUEUES_BYTES_MAX: optionalIntegerSetting({ from: 1_048_576, to: 1_099_511_627_776 }).meta({
    description:
      'Bytes that may wait in all sockets together for clients that read slowly or not at all; with more, the fullest sockets are closed (4002). One socket holds at most 256 KiB. Default: half of `HELD_BYTES_MAX`, at most 128 MiB.',
  }),
  BACKLOG_READS_MAX: integerSetting({ from: 1, to: 1_000, default: 8 }).meta({
    description:
      'Pages of backlog read from the database at the same time, at most a quarter of them for one client; a page takes about 1 MiB while it is read.',
  }),
  ACK_WRITE_INTERVAL_MS: integerSetting({ from: 0, to: 60_000, default: 250 }).meta({
    description:
      'Milliseconds in which acks gather before they are stored together. A relay that is killed forgets the acks of this time.',
  }),
  GROUP_ACK_WRITE_INTERVAL_MS: integerSetting({ from: 100, to: 60_000, default: 1_000 }).meta({
    description: 'The same for acks of messages to groups, which gather longer.',
  }),
  GROUP_ACKS_PER_SECOND_MAX: integerSetting({ from: 1, to: 1_000_000, default: 5_000 }).meta({
    description:
      'Acks of messages to groups that are stored in a second, of each reader only the highest: a message to 20,000 members brings as many acks. The others wait.',
  }),
  EVERYONE_GROUP: groupNameSchema.optional().meta({
    description: 'Name of a group that every connection with `"groups":true` follows. Default: none.',
  }),
  FOLLOWED_GROUPS_MAX: integerSetting({
    from: 1,
    to: FOLLOWED_GROUPS_MAX,
    default: FOLLOWED_GROUPS_MAX,
  }).meta({
    description: 'Groups that one connection follows; each further one is answered `too_many_targets`.',
  }),
  DRAIN_MS: integerSetting({ from: 0, to: 600_000, default: 5_000 }).meta({
    description:
      'Milliseconds over which the sockets are closed on SIGTERM, after `DRAIN_SECONDS`; fewer where `SHUTDOWN_DEADLINE_MS` leaves less time.',
  }),
};

/** Every variable of `npm run relay`. */
export const relayProcessEnvironment = {
  ...sharedSettings,
  ...backendSettings,
  ...clientTokenEnvironment,
  ...publisherKeysEnvironment,
  ...relayEnvironment,
  ...processSettings('the relay', 3000),
};

export const relayCommand: ServiceCommand = {
  usage: calledAs('relay'),
  summary: 'Runs the relay. DATABASE_URL and REDIS_URL are required.',
  settings: relayProcessEnvironment,
};

/** Sums of the relay that its process must be able to hold. */
export const RELAY_MEMORY_SUMS = ['SOCKET_QUEUES_BYTES_MAX'] as const;

type OperationsEnvironment = Parameters<typeof effectiveAuth>[0] & {
  readonly OPS_PAGE?: boolean | undefined;
  readonly PUBLISH_KEYS?: PublisherKeys | undefined;
  readonly PUBLISH_KEYS_FILE?: PublisherKeys | undefined;
};

/** A page that nobody could open would be a mistake in the settings. */
export function checkOperationsKeys(settings: OperationsEnvironment, context: z.core.$RefinementCtx): void {
  const isWrong = ['AUTH', 'PUBLISH_KEYS', 'PUBLISH_KEYS_FILE'].some((name) =>
    context.issues.some(({ path }) => path?.[0] === name),
  );
  if (isWrong || settings.OPS_PAGE !== true || effectiveAuth(settings) === 'open') return;
  const { PUBLISH_KEYS: keys = settings.PUBLISH_KEYS_FILE } = settings;
  if (keys?.hasScope('manage') === true) return;
  const message = 'needs a key with the scope manage in PUBLISH_KEYS or PUBLISH_KEYS_FILE, as AUTH=required';
  context.addIssue({ code: 'custom', path: ['OPS_PAGE'], message });
}

const environmentSchema = checkTogether(
  z.object(relayProcessEnvironment),
  'both',
  checkClientTokens,
  checkPublisherKeys,
  checkOperationsKeys,
  checkMemory({ sums: RELAY_MEMORY_SUMS, pieces: {} }),
);

/** What the relay's parts need to know; the same for the relay alone and inside `standalone`. */
export interface RelaySettings {
  readonly auth: 'open' | 'required';
  /** How clients' tokens are checked; undefined in open mode. */
  readonly clientTokens: ClientTokenSettings | undefined;
  readonly originRules: OriginRules;
  readonly allowedHosts: readonly string[];
  readonly trustedProxies: TrustedProxies | undefined;
  readonly servePage: boolean;
  readonly opsPage: boolean;
  /** The keys with which readers of the operations page authenticate; none in open mode. */
  readonly publisherKeys: PublisherKeys;
  readonly publicApiUrl: string | undefined;
  /** Port of the API on the page's own host, if no URL is set. */
  readonly apiPort: number;
  readonly heartbeatSeconds: number;
  readonly identifyTimeoutMs: number;
  readonly noProgressMs: number;
  readonly compareIntervalMs: number;
  readonly compareIntervalWithoutBusMs: number;
  readonly connectionsMax: number;
  readonly connectionsPerAddressMax: number;
  readonly connectionsPerClientMax: number;
  readonly connectionsAwaitingIdentifyMax: number;
  readonly connectionsAwaitingIdentifyPerAddressMax: number;
  readonly failedAuthenticationsPerMinute: number;
  readonly headersBytesMax: number;
  readonly headersTimeoutMs: number;
  readonly clientFramesPerSecondMax: number;
  readonly clientBytesPerSecondMax: number;
  /** Bytes that the relay holds for others, unless it shares a budget with others in its process. */
  readonly heldBytesMax: number;
  /** Bytes that wait in all sockets together. */
  readonly socketQueuesBytesMax: number;
  readonly backlogReadsMax: number;
  readonly ackWriteIntervalMs: number;
  readonly groupAckWriteIntervalMs: number;
  readonly groupAcksPerSecondMax: number;
  readonly everyoneGroup: string | undefined;
  readonly followedGroupsMax: number;
  readonly drainMs: number;
}

type RelayEnvironment = z.output<
  z.ZodObject<typeof relayEnvironment & typeof clientTokenEnvironment & typeof sharedSettings>
> & {
  /** Processes that share the memory; left out if there is only one. */
  readonly WORKERS?: number;
  readonly PUBLISH_KEYS?: PublisherKeys | undefined;
  readonly PUBLISH_KEYS_FILE?: PublisherKeys | undefined;
};

/** The relay's settings out of its environment. */
export function relaySettings(env: RelayEnvironment, apiPort: number): RelaySettings {
  const auth = effectiveAuth(env);
  const held = heldBytesMax(env.HELD_BYTES_MAX, readProcessMemory(env.WORKERS));
  return {
    auth,
    clientTokens: clientTokenSettings(env),
    trustedProxies: env.TRUSTED_PROXIES,
    originRules: effectiveOriginRules(env),
    allowedHosts: env.ALLOWED_HOSTS,
    servePage: env.SERVE_PAGE ?? auth === 'open',
    opsPage: env.OPS_PAGE ?? false,
    publisherKeys: env.PUBLISH_KEYS ?? env.PUBLISH_KEYS_FILE ?? new PublisherKeys(),
    publicApiUrl: env.PUBLIC_API_URL,
    apiPort,
    heartbeatSeconds: env.HEARTBEAT_SECONDS,
    identifyTimeoutMs: env.IDENTIFY_TIMEOUT_MS,
    noProgressMs: env.NO_PROGRESS_MS,
    compareIntervalMs: env.COMPARE_INTERVAL_MS,
    compareIntervalWithoutBusMs: env.COMPARE_INTERVAL_WITHOUT_BUS_MS,
    connectionsMax: env.CONNECTIONS_MAX,
    connectionsPerAddressMax: env.CONNECTIONS_PER_ADDRESS_MAX,
    connectionsPerClientMax: env.CONNECTIONS_PER_CLIENT_MAX ?? CONNECTIONS_PER_CLIENT_DEFAULT[auth],
    connectionsAwaitingIdentifyMax: env.CONNECTIONS_AWAITING_IDENTIFY_MAX,
    connectionsAwaitingIdentifyPerAddressMax: env.CONNECTIONS_AWAITING_IDENTIFY_PER_ADDRESS_MAX,
    failedAuthenticationsPerMinute: env.FAILED_AUTHENTICATIONS_PER_MINUTE,
    headersBytesMax: env.HEADERS_BYTES_MAX,
    headersTimeoutMs: env.HEADERS_TIMEOUT_MS,
    clientFramesPerSecondMax: env.CLIENT_FRAMES_PER_SECOND_MAX,
    clientBytesPerSecondMax: env.CLIENT_BYTES_PER_SECOND_MAX,
    heldBytesMax: held,
    socketQueuesBytesMax:
      env.SOCKET_QUEUES_BYTES_MAX ??
      Math.min(SOCKET_QUEUES_DEFAULT_MAX_BYTES, Math.floor(held * SOCKET_QUEUES_DEFAULT_SHARE)),
    backlogReadsMax: env.BACKLOG_READS_MAX,
    ackWriteIntervalMs: env.ACK_WRITE_INTERVAL_MS,
    groupAckWriteIntervalMs: env.GROUP_ACK_WRITE_INTERVAL_MS,
    groupAcksPerSecondMax: env.GROUP_ACKS_PER_SECOND_MAX,
    everyoneGroup: env.EVERYONE_GROUP,
    followedGroupsMax: env.FOLLOWED_GROUPS_MAX,
    drainMs: Math.min(
      env.DRAIN_MS,
      Math.max(0, env.SHUTDOWN_DEADLINE_MS - drainPeriodMs(env) - LAST_CLOSES_MS),
    ),
  };
}

/** Everything that `npm run relay` takes from its environment. Throws a SettingsError. */
export function readRelayEnvironment(env: Environment) {
  const settings = readSettings(environmentSchema, env);
  const { databaseUrl = '', redisUrl = '' } = effectiveUrls(settings);
  return { ...settings, databaseUrl, redisUrl }; // the schema requires both
}
