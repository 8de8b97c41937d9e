import {
  checkClientTokens,
  clientTokenEnvironment,
  type ClientTokenSettings,
  clientTokenSettings,
} from '@postline/client-tokens';
import type { RetentionRule } from '@postline/message-store';
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
  migrationSettings,
  OPEN_MODE_WARNING,
  type OriginRules,
  processSettings,
  readProcessMemory,
  readSettings,
  backendSettings,
  type ServiceCommand,
  sharedSettings,
  type TrustedProxies,
} from '@postline/service-runtime';
import { z } from 'zod';
import type { ReadBounds } from './reading/bounded-reads.ts';
import {
  API_MEMORY,
  apiEnvironment,
  RATE_PER_ADDRESS_DEFAULT,
  RATE_PER_KEY_DEFAULT,
  WAITING_BYTES_DEFAULT_MAX,
} from './environment.ts';
import type { GroupCommitLimits } from './publishing/group-commit.ts';
import type { HttpServerLimits } from './http/server/http-server.ts';
import type { PublishRateSettings } from './access/publish-rates.ts';
import type { ReaderAnswersLimits } from './http/answers/reader-answers.ts';
import { checkPublisherKeys, PublisherKeys } from '@postline/publisher-keys';

/** All variables of `npm run api`. */
export const apiProcessEnvironment = {
  ...sharedSettings,
  ...backendSettings,
  ...clientTokenEnvironment,
  ...migrationSettings,
  ...apiEnvironment,
  ...processSettings('the API', 8080),
};

export const apiCommand: ServiceCommand = {
  usage: calledAs('api'),
  summary: 'Runs the API. DATABASE_URL and REDIS_URL are required.',
  settings: apiProcessEnvironment,
};

const environmentSchema = checkTogether(
  z.object(apiProcessEnvironment),
  'both',
  checkMemory(API_MEMORY),
  checkClientTokens,
  checkPublisherKeys,
);

/** The settings of the API's parts; the same for the API alone and inside `standalone`. */
export interface ApiSettings {
  readonly auth: 'open' | 'required';
  readonly originRules: OriginRules;
  readonly allowedHosts: readonly string[];
  /** Sentences for the operator of the service. */
  readonly warnings: readonly string[];
  readonly publisherKeys: PublisherKeys;
  /** How client tokens are verified; undefined in open mode. */
  readonly clientTokens: ClientTokenSettings | undefined;
  readonly trustedProxies: TrustedProxies | undefined;
  readonly publishRates: PublishRateSettings;
  readonly failuresPerMinute: number;
  readonly http: HttpServerLimits;
  /** Time for closing, after draining. */
  readonly closeDeadlineMs: number;
  readonly messageBodyBytesMax: number;
  readonly batchBodyBytesMax: number;
  /** All bytes that the process holds for requests and answers. */
  readonly heldBytesMax: number;
  readonly bodiesBytesMax: number;
  readonly groupCommit: GroupCommitLimits;
  readonly hintDeadlineMs: number;
  readonly logReads: ReadBounds;
  readonly logPageBytesMax: number;
  readonly readerAnswers: ReaderAnswersLimits;
  readonly outboxIntervalMs: number;
  /** Undefined: messages are kept for ever. */
  readonly retention: RetentionSettings | undefined;
}

interface RetentionSettings {
  readonly rule: RetentionRule;
  readonly intervalMs: number;
}

type ApiEnvironment = z.output<
  z.ZodObject<typeof apiEnvironment & typeof sharedSettings & typeof clientTokenEnvironment>
> & {
  /** Undefined in a single process. */
  readonly WORKERS?: number;
};

/** Shares of HELD_BYTES_MAX. Their sum exceeds 1: each kind can use the memory that the others do not need. */
const BODIES_SHARE_DEFAULT = 3 / 4;
const WAITING_SHARE_DEFAULT = 1 / 2;
const ANSWERS_SHARE_DEFAULT = 1 / 2;

/** Derives the API's settings from its environment. */
export function apiSettings(env: ApiEnvironment): ApiSettings {
  const auth = effectiveAuth(env);
  const isOpen = auth === 'open';
  const heldMax = heldBytesMax(env.HELD_BYTES_MAX, readProcessMemory(env.WORKERS));
  const publisherKeys = env.PUBLISH_KEYS ?? env.PUBLISH_KEYS_FILE ?? new PublisherKeys();
  return {
    auth,
    warnings: warningsOf(auth, publisherKeys),
    publisherKeys,
    clientTokens: clientTokenSettings(env),
    trustedProxies: env.TRUSTED_PROXIES,
    publishRates: {
      perKey: env.PUBLISH_RATE_PER_KEY ?? (isOpen ? undefined : RATE_PER_KEY_DEFAULT),
      perAddress: env.PUBLISH_RATE_PER_ADDRESS ?? (isOpen ? undefined : RATE_PER_ADDRESS_DEFAULT),
    },
    failuresPerMinute: env.FAILED_AUTHENTICATIONS_PER_MINUTE,
    originRules: effectiveOriginRules(env),
    allowedHosts: env.ALLOWED_HOSTS,
    closeDeadlineMs: env.SHUTDOWN_DEADLINE_MS - drainPeriodMs(env),
    messageBodyBytesMax: env.MESSAGE_BODY_BYTES_MAX,
    batchBodyBytesMax: env.BATCH_BODY_BYTES_MAX,
    heldBytesMax: heldMax,
    bodiesBytesMax: env.BODIES_BYTES_MAX ?? Math.floor(heldMax * BODIES_SHARE_DEFAULT),
    http: {
      connectionsMax: env.API_CONNECTIONS_MAX,
      connectionsPerAddressMax: env.API_CONNECTIONS_PER_ADDRESS_MAX,
      headersBytesMax: env.HEADERS_BYTES_MAX,
      urlBytesMax: env.URL_BYTES_MAX,
      headersTimeoutMs: env.HEADERS_TIMEOUT_MS,
      requestTimeoutMs: env.REQUEST_TIMEOUT_MS,
      keepAliveTimeoutMs: env.KEEP_ALIVE_TIMEOUT_MS,
    },
    groupCommit: {
      batchMessagesMax: env.COMMIT_MESSAGES_MAX,
      batchBytesMax: env.COMMIT_BYTES_MAX,
      waitingRequestsMax: env.COMMIT_WAITING_REQUESTS_MAX,
      waitingBytesMax:
        env.COMMIT_WAITING_BYTES_MAX ??
        Math.min(WAITING_BYTES_DEFAULT_MAX, Math.floor(heldMax * WAITING_SHARE_DEFAULT)),
      contendedRequestsMax: env.COMMIT_CONTENDED_REQUESTS_MAX,
      deadlineMs: env.COMMIT_DEADLINE_MS,
    },
    hintDeadlineMs: env.HINT_DEADLINE_MS,
    logReads: {
      readsMax: env.LOG_READS_MAX,
      waitingMax: env.LOG_READS_WAITING_MAX,
      deadlineMs: env.LOG_READ_DEADLINE_MS,
    },
    logPageBytesMax: env.LOG_PAGE_BYTES_MAX,
    readerAnswers: {
      bytesMax: env.READER_ANSWERS_BYTES_MAX ?? Math.floor(heldMax * ANSWERS_SHARE_DEFAULT),
      deadlineMs: env.READER_ANSWER_DEADLINE_MS,
    },
    outboxIntervalMs: env.OUTBOX_INTERVAL_MS,
    retention: retentionSettings(env),
  };
}

/** Warns of settings that are probably a mistake. */
function warningsOf(auth: 'open' | 'required', keys: PublisherKeys): string[] {
  if (auth === 'required') {
    return keys.size > 0 ? [] : ['PUBLISH_KEYS is not set: nobody can publish over HTTP'];
  }
  const unused = 'AUTH=open: keys are not checked, although PUBLISH_KEYS is set';
  return keys.size > 0 ? [OPEN_MODE_WARNING, unused] : [OPEN_MODE_WARNING];
}

function retentionSettings(env: ApiEnvironment): RetentionSettings | undefined {
  const { RETENTION_SECONDS: secondsMax, RETENTION_MESSAGES_PER_TARGET: messagesPerTargetMax } = env;
  if (secondsMax === undefined && messagesPerTargetMax === undefined) return undefined;
  return { rule: { secondsMax, messagesPerTargetMax }, intervalMs: env.RETENTION_INTERVAL_MS };
}

/** Reads the environment of `npm run api`. Throws a SettingsError. */
export function readApiEnvironment(env: Environment) {
  const settings = readSettings(environmentSchema, env);
  const { databaseUrl = '', redisUrl = '', migrationUrl = '' } = effectiveUrls(settings);
  return { ...settings, databaseUrl, redisUrl, migrationUrl }; // the schema requires all three
}
