import { BATCH_BODY_BYTES_MAX, MESSAGE_BODY_BYTES_MAX } from '@postline/protocol';
import { fileSetting, integerSetting, optionalIntegerSetting } from '@postline/service-runtime';
import { z } from 'zod';
import { parsePublisherKeys, type PublisherKeys } from './access/publisher-keys.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

/**
 * Holds its counters for less than a tenth of a second. Large batches in a queue then bring each socket several messages at once,
 * which is what the relay's time goes into; commits of single messages never get that large.
 */
const COMMIT_MESSAGES_DEFAULT = 4_000;
/** Stays well below the 16 MiB that MariaDB takes in one packet by default. */
const COMMIT_BYTES_DEFAULT = 4 * MIB;
/** About a quarter of a second of work at 40,000 rows/s: whoever waits longer is better told to come back. */
const WAITING_REQUESTS_DEFAULT = 10_000;
/** Eight of the largest batches; less where the process can hold less. */
export const WAITING_BYTES_DEFAULT_MAX = 64 * MIB;
/** Those behind a held counter do nobody any good by waiting in thousands. */
const CONTENDED_REQUESTS_DEFAULT = 1_000;
/** With the wait for the bus this leaves more than half a second of the 5 s in which a POST is answered. */
const COMMIT_DEADLINE_DEFAULT_MS = 4_000;
/** A healthy Redis answers in under 1 ms; the answer is promised within 300 ms of the commit while it is not. */
const HINT_DEADLINE_DEFAULT_MS = 200;
/** Each takes room only for what it reads; those beyond what the database answers at once wait there. */
const LOG_READS_DEFAULT = 32;
/** About a sixth of a second's work where all servers share a core, which then reads some 1,500 small pages a second. */
const LOG_READS_WAITING_DEFAULT = 256;
const LOG_PAGE_BYTES_DEFAULT = 4 * MIB;
const LOG_READ_DEADLINE_DEFAULT_MS = 4_000;
/** The largest page at 70 KB/s. */
const READER_ANSWER_DEADLINE_DEFAULT_MS = 60_000;
/** Twice the half second in which a message published by SQL is to be on its way; an empty outbox costs one index read. */
const OUTBOX_INTERVAL_DEFAULT_MS = 250;
/** Looking through a million targets takes a minute or so of small steps. */
const RETENTION_INTERVAL_DEFAULT_MS = 600_000;
/** A century: beyond it dates would leave what the database can count. */
const RETENTION_SECONDS_MAX = 3_155_760_000;
/** Each open connection costs about 20 KB and a file descriptor. */
const CONNECTIONS_DEFAULT = 10_000;
/** A database that starts on an empty volume at the same moment takes up to half a minute. */
const DATABASE_WAIT_DEFAULT_MS = 60_000;

/** As Node has it. A token of 8 KB fits. */
const HEADERS_BYTES_DEFAULT = 16 * KIB;
/** The longest of ours has some 300 bytes. */
const URL_BYTES_DEFAULT = 8 * KIB;
/** A client that needs longer to send its headers is not in earnest (Node's default is 60 s). */
const HEADERS_TIMEOUT_DEFAULT_MS = 10_000;
/** An 8 MiB batch over a slow line; Node's default is 300 s. */
const REQUEST_TIMEOUT_DEFAULT_MS = 30_000;
/** Above the idle timeout of common load balancers (60 s), so that the balancer is the one that closes. */
const KEEP_ALIVE_TIMEOUT_DEFAULT_MS = 65_000;

/** A quarter of what one API of two cores takes: nobody's mistake takes all of it, and a loop is noticed. */
export const RATE_PER_KEY_DEFAULT = 10_000;
/** Several publishers may share one address. */
export const RATE_PER_ADDRESS_DEFAULT = 20_000;
/** Ten a second: more than a wrongly configured publisher tries, and a guess at a key needs 2^256. */
const FAILURES_PER_MINUTE_DEFAULT = 600;
const RATE_MAX = 1_000_000_000;

function addKeys(text: string, context: z.core.$RefinementCtx): PublisherKeys {
  const keys = parsePublisherKeys(text);
  if (keys.ok) return keys.value;
  context.addIssue({ code: 'custom', message: keys.error });
  return z.NEVER;
}

/** What `checkMemory` compares with what the process can hold. */
export const API_MEMORY = {
  sums: ['BODIES_BYTES_MAX', 'READER_ANSWERS_BYTES_MAX', 'COMMIT_WAITING_BYTES_MAX'],
  // A body in reading is its text and the texts in it, in up to two bytes for each of its own. A page is its rows and itself.
  pieces: { MESSAGE_BODY_BYTES_MAX: 4, BATCH_BODY_BYTES_MAX: 4, LOG_PAGE_BYTES_MAX: 3 },
};

/** The API's own settings, by the name of their environment variable. */
export const apiEnvironment = {
  PUBLISH_KEYS: z.string().transform(addKeys).optional().meta({
    description:
      'Comma-separated keys of publishers, each `name:sha256hex[;scope…]`, with scopes `publish`, `batch`, `read`, `members`, `manage`, `prefix=<start of target ids>`; none but prefixes: publish and batch. `npm run keys -- new NAME` makes one. Not asked for where `AUTH=open`.',
  }),
  PUBLISH_KEYS_FILE: fileSetting().transform(addKeys).optional().meta({
    description: 'File that holds them instead, one in a line; lines that start with `#` are comments.',
  }),
  PUBLISH_RATE_PER_KEY: optionalIntegerSetting({ from: 1, to: RATE_MAX }).meta({
    description: `Messages in a second that the keys of one name may publish, in each process; beyond it 429. Default: ${RATE_PER_KEY_DEFAULT}, no limit where \`AUTH=open\`.`,
  }),
  PUBLISH_RATE_PER_ADDRESS: optionalIntegerSetting({ from: 1, to: RATE_MAX }).meta({
    description: `The same for one address (IPv6: one /64 network). Default: ${RATE_PER_ADDRESS_DEFAULT}, no limit where \`AUTH=open\`.`,
  }),
  FAILED_AUTHENTICATIONS_PER_MINUTE: integerSetting({
    from: 1,
    to: RATE_MAX,
    default: FAILURES_PER_MINUTE_DEFAULT,
  }).meta({
    description:
      'Wrong keys and tokens that one address may try in a minute; beyond it 429. Known keys are let in all the same.',
  }),
  MESSAGE_BODY_BYTES_MAX: integerSetting({
    from: 1 * KIB,
    to: 64 * MIB,
    default: MESSAGE_BODY_BYTES_MAX,
  }).meta({ description: 'Bytes in the body of one publish; more is answered 413.' }),
  BATCH_BODY_BYTES_MAX: integerSetting({ from: 1 * KIB, to: 64 * MIB, default: BATCH_BODY_BYTES_MAX }).meta({
    description: 'Bytes in the body of a batch; more is answered 413.',
  }),
  BODIES_BYTES_MAX: optionalIntegerSetting({ from: 1 * MIB, to: 4_096 * MIB }).meta({
    description:
      'Bytes that all bodies take together, from their first byte until they are stored; beyond it the largest, or the next one, is answered 503 `overloaded`. Default: three quarters of `HELD_BYTES_MAX`.',
  }),
  API_CONNECTIONS_MAX: integerSetting({ from: 1, to: 1_000_000, default: CONNECTIONS_DEFAULT }).meta({
    description: 'Open HTTP connections; further ones are closed at once.',
  }),
  API_CONNECTIONS_PER_ADDRESS_MAX: optionalIntegerSetting({ from: 1, to: 1_000_000 }).meta({
    description:
      'The same from one address (IPv6: one /64 network). Not set: no limit of its own, for behind a proxy all come from one.',
  }),
  HEADERS_BYTES_MAX: integerSetting({ from: 1 * KIB, to: 1 * MIB, default: HEADERS_BYTES_DEFAULT }).meta({
    description: 'Bytes in the headers of a request, its address included; more is answered 431.',
  }),
  URL_BYTES_MAX: integerSetting({ from: 256, to: 1 * MIB, default: URL_BYTES_DEFAULT }).meta({
    description: 'Bytes in the address of a request; more is answered 414.',
  }),
  HEADERS_TIMEOUT_MS: integerSetting({ from: 100, to: 600_000, default: HEADERS_TIMEOUT_DEFAULT_MS }).meta({
    description: 'Milliseconds in which the headers of a request must have come; else 408.',
  }),
  REQUEST_TIMEOUT_MS: integerSetting({ from: 100, to: 3_600_000, default: REQUEST_TIMEOUT_DEFAULT_MS }).meta({
    description: 'Milliseconds in which a whole request must have come; else 408.',
  }),
  KEEP_ALIVE_TIMEOUT_MS: integerSetting({
    from: 1_000,
    to: 3_600_000,
    default: KEEP_ALIVE_TIMEOUT_DEFAULT_MS,
  }).meta({ description: 'Milliseconds for which a connection without a request is kept open.' }),
  COMMIT_MESSAGES_MAX: integerSetting({ from: 1, to: 10_000, default: COMMIT_MESSAGES_DEFAULT }).meta({
    description: 'Messages that share one commit; a larger batch request goes alone.',
  }),
  COMMIT_BYTES_MAX: integerSetting({ from: 64 * KIB, to: 64 * MIB, default: COMMIT_BYTES_DEFAULT }).meta({
    description: 'Bytes of messages that share one commit; a larger batch request goes alone.',
  }),
  COMMIT_WAITING_REQUESTS_MAX: integerSetting({
    from: 1,
    to: 1_000_000,
    default: WAITING_REQUESTS_DEFAULT,
  }).meta({ description: 'Publishes that wait for the database at once; beyond it 503 `overloaded`.' }),
  COMMIT_WAITING_BYTES_MAX: optionalIntegerSetting({ from: 64 * KIB, to: 4_096 * MIB }).meta({
    description:
      'Bytes of publishes that wait for the database; beyond it 503 `overloaded`. Default: half of `HELD_BYTES_MAX`, 64 MiB at most.',
  }),
  COMMIT_CONTENDED_REQUESTS_MAX: integerSetting({
    from: 1,
    to: 100_000,
    default: CONTENDED_REQUESTS_DEFAULT,
  }).meta({
    description:
      'Publishes that wait for a target which another database transaction holds; beyond it 503 `overloaded`.',
  }),
  COMMIT_DEADLINE_MS: integerSetting({ from: 100, to: 60_000, default: COMMIT_DEADLINE_DEFAULT_MS }).meta({
    description:
      'Milliseconds until a publish that the database has not taken is answered `store_unavailable`.',
  }),
  HINT_DEADLINE_MS: integerSetting({ from: 10, to: 10_000, default: HINT_DEADLINE_DEFAULT_MS }).meta({
    description: 'Milliseconds that a stored publish waits for the bus before it is answered `stored`.',
  }),
  LOG_READS_MAX: integerSetting({ from: 1, to: 10_000, default: LOG_READS_DEFAULT }).meta({
    description: 'Pages of logs that are read at once, and as many receipts; further ones wait.',
  }),
  LOG_READS_WAITING_MAX: integerSetting({ from: 0, to: 100_000, default: LOG_READS_WAITING_DEFAULT }).meta({
    description: 'Pages of logs that may wait to be read, and as many receipts; beyond it 503 `overloaded`.',
  }),
  LOG_PAGE_BYTES_MAX: integerSetting({ from: 64 * KIB, to: 64 * MIB, default: LOG_PAGE_BYTES_DEFAULT }).meta({
    description:
      'Bytes of one page of a log as JSON; a page that reaches it, or for which there is no more room, holds fewer than `limit`.',
  }),
  LOG_READ_DEADLINE_MS: integerSetting({
    from: 100,
    to: 60_000,
    default: LOG_READ_DEADLINE_DEFAULT_MS,
  }).meta({ description: 'Milliseconds until a page that was not read is answered `store_unavailable`.' }),
  READER_ANSWERS_BYTES_MAX: optionalIntegerSetting({ from: 1 * MIB, to: 4_096 * MIB }).meta({
    description:
      'Bytes of all pages and receipts that are being made or that their readers have not taken yet (beyond it 503 `overloaded`), and of all other answers and requests that wait for clients who do not read (beyond it the connection that holds most is closed). Default: half of `HELD_BYTES_MAX`.',
  }),
  READER_ANSWER_DEADLINE_MS: integerSetting({
    from: 1_000,
    to: 3_600_000,
    default: READER_ANSWER_DEADLINE_DEFAULT_MS,
  }).meta({
    description:
      'Milliseconds that a client may take to receive a page, or another answer of more than a few lines; then its connection is closed.',
  }),
  OUTBOX_INTERVAL_MS: integerSetting({ from: 10, to: 60_000, default: OUTBOX_INTERVAL_DEFAULT_MS }).meta({
    description: 'Milliseconds between two looks for messages that were published by SQL.',
  }),
  RETENTION_SECONDS: optionalIntegerSetting({ from: 1, to: RETENTION_SECONDS_MAX }).meta({
    description: 'Messages that are older are deleted; not set: none are for their age.',
  }),
  RETENTION_MESSAGES_PER_TARGET: optionalIntegerSetting({ from: 1, to: 1_000_000_000 }).meta({
    description: 'Of each target so many of the newest messages are kept; not set: all are.',
  }),
  RETENTION_INTERVAL_MS: integerSetting({
    from: 100,
    to: 86_400_000,
    default: RETENTION_INTERVAL_DEFAULT_MS,
  }).meta({ description: 'Milliseconds between two looks for messages to delete.' }),
  DATABASE_WAIT_MS: integerSetting({ from: 0, to: 600_000, default: DATABASE_WAIT_DEFAULT_MS }).meta({
    description: 'Milliseconds that the start waits for a database server that does not answer yet.',
  }),
};
