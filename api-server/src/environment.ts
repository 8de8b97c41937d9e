import { BATCH_BODY_BYTES_MAX, MESSAGE_BODY_BYTES_MAX } from '@postline/protocol';
import { publisherKeysEnvironment } from '@postline/publisher-keys';
import { integerSetting, optionalIntegerSetting } from '@postline/service-runtime';

const KIB = 1024;
const MIB = 1024 * KIB;

/**
 * A commit of this size locks its counters for less than a tenth of a second. Large batches bring each socket several
 * messages at once, which saves most of the relay's time; commits of single messages never get this large.
 */
const COMMIT_MESSAGES_DEFAULT = 4_000;
/** Well below the 16 MiB that MariaDB accepts in one packet by default. */
const COMMIT_BYTES_DEFAULT = 4 * MIB;
/** About a quarter of a second of work at 40,000 rows/s; a publisher that would wait longer should retry. */
const WAITING_REQUESTS_DEFAULT = 10_000;
/** Eight of the largest batches; less if the process can hold less. */
export const WAITING_BYTES_DEFAULT_MAX = 64 * MIB;
/** More requests behind a held counter gain nothing by waiting. */
const CONTENDED_REQUESTS_DEFAULT = 1_000;
/** With the wait for the bus, more than half a second remains of the 5 s in which a POST is answered. */
const COMMIT_DEADLINE_DEFAULT_MS = 4_000;
/** A healthy Redis answers in under 1 ms; without it a POST is answered within 300 ms of the commit. */
const HINT_DEADLINE_DEFAULT_MS = 200;
/** A read takes memory only for its rows; reads beyond the database's connections wait there. */
const LOG_READS_DEFAULT = 32;
/** About a sixth of a second of work: servers that share one core read some 1,500 small pages a second. */
const LOG_READS_WAITING_DEFAULT = 256;
const LOG_PAGE_BYTES_DEFAULT = 4 * MIB;
const LOG_READ_DEADLINE_DEFAULT_MS = 4_000;
/** The largest page at 70 KB/s. */
const READER_ANSWER_DEADLINE_DEFAULT_MS = 60_000;
/** A message published by SQL must be sent within half a second; looking into an empty outbox costs one index read. */
const OUTBOX_INTERVAL_DEFAULT_MS = 250;
/** A pass over a million targets takes about a minute of small steps. */
const RETENTION_INTERVAL_DEFAULT_MS = 600_000;
/** A century: larger values exceed the database's range of dates. */
const RETENTION_SECONDS_MAX = 3_155_760_000;
/** Each open connection costs about 20 KB and a file descriptor. */
const CONNECTIONS_DEFAULT = 10_000;
/** A database that starts on an empty volume takes up to half a minute. */
const DATABASE_WAIT_DEFAULT_MS = 60_000;

/** Node's default. A token of 8 KB fits. */
const HEADERS_BYTES_DEFAULT = 16 * KIB;
/** The longest URL of this API has some 300 bytes. */
const URL_BYTES_DEFAULT = 8 * KIB;
/** No real client needs longer to send its headers (Node's default is 60 s). */
const HEADERS_TIMEOUT_DEFAULT_MS = 10_000;
/** An 8 MiB batch over a slow line; Node's default is 300 s. */
const REQUEST_TIMEOUT_DEFAULT_MS = 30_000;
/** Above the idle timeout of common load balancers (60 s), so that the balancer is the one that closes. */
const KEEP_ALIVE_TIMEOUT_DEFAULT_MS = 65_000;

/** A quarter of the capacity of one API on two cores: one publisher's mistake cannot use all of it. */
export const RATE_PER_KEY_DEFAULT = 10_000;
/** Several publishers can share one address. */
export const RATE_PER_ADDRESS_DEFAULT = 20_000;
/** Ten per second: more than a misconfigured publisher sends, and guessing a key takes 2^256 attempts. */
const FAILURES_PER_MINUTE_DEFAULT = 600;
const RATE_MAX = 1_000_000_000;

/** `checkMemory` compares these settings with the memory of the process. */
export const API_MEMORY = {
  sums: ['BODIES_BYTES_MAX', 'READER_ANSWERS_BYTES_MAX', 'COMMIT_WAITING_BYTES_MAX'],
  // Parsing a body takes its text and the texts in it, up to two bytes per byte of the body. A page takes its rows and its JSON.
  pieces: { MESSAGE_BODY_BYTES_MAX: 4, BATCH_BODY_BYTES_MAX: 4, LOG_PAGE_BYTES_MAX: 3 },
};

/** The API's settings, by environment variable. */
export const apiEnvironment = {
  ...publisherKeysEnvironment,
  PUBLISH_RATE_PER_KEY: optionalIntegerSetting({ from: 1, to: RATE_MAX }).meta({
    description: `Messages per second that the keys of one name may publish, in each process; more are answered 429. Default: ${RATE_PER_KEY_DEFAULT}; no limit if \`AUTH=open\`.`,
  }),
  PUBLISH_RATE_PER_ADDRESS: optionalIntegerSetting({ from: 1, to: RATE_MAX }).meta({
    description: `The same for one address (IPv6: one /64 network). Default: ${RATE_PER_ADDRESS_DEFAULT}; no limit if \`AUTH=open\`.`,
  }),
  FAILED_AUTHENTICATIONS_PER_MINUTE: integerSetting({
    from: 1,
    to: RATE_MAX,
    default: FAILURES_PER_MINUTE_DEFAULT,
  }).meta({
    description:
      'Invalid keys and tokens that one address may send in a minute; more are answered 429. Valid keys still work.',
  }),
  MESSAGE_BODY_BYTES_MAX: integerSetting({
    from: 1 * KIB,
    to: 64 * MIB,
    default: MESSAGE_BODY_BYTES_MAX,
  }).meta({ description: 'Bytes in the body of one publish; a larger one is answered 413.' }),
  BATCH_BODY_BYTES_MAX: integerSetting({ from: 1 * KIB, to: 64 * MIB, default: BATCH_BODY_BYTES_MAX }).meta({
    description: 'Bytes in the body of a batch; more is answered 413.',
  }),
  BODIES_BYTES_MAX: optionalIntegerSetting({ from: 1 * MIB, to: 4_096 * MIB }).meta({
    description:
      'Bytes of all bodies together, from their first byte until they are stored; beyond it the largest or the next one is answered 503 `overloaded`. Default: three quarters of `HELD_BYTES_MAX`.',
  }),
  API_CONNECTIONS_MAX: integerSetting({ from: 1, to: 1_000_000, default: CONNECTIONS_DEFAULT }).meta({
    description: 'Open HTTP connections; further ones are closed at once.',
  }),
  API_CONNECTIONS_PER_ADDRESS_MAX: optionalIntegerSetting({ from: 1, to: 1_000_000 }).meta({
    description:
      'The same for one address (IPv6: one /64 network). Default: no limit, because behind a proxy all connections have one address.',
  }),
  HEADERS_BYTES_MAX: integerSetting({ from: 1 * KIB, to: 1 * MIB, default: HEADERS_BYTES_DEFAULT }).meta({
    description: 'Bytes in the headers of a request, including its URL; more are answered 431.',
  }),
  URL_BYTES_MAX: integerSetting({ from: 256, to: 1 * MIB, default: URL_BYTES_DEFAULT }).meta({
    description: 'Bytes in the URL of a request; more are answered 414.',
  }),
  HEADERS_TIMEOUT_MS: integerSetting({ from: 100, to: 600_000, default: HEADERS_TIMEOUT_DEFAULT_MS }).meta({
    description: 'Milliseconds in which the headers of a request must arrive; else 408.',
  }),
  REQUEST_TIMEOUT_MS: integerSetting({ from: 100, to: 3_600_000, default: REQUEST_TIMEOUT_DEFAULT_MS }).meta({
    description: 'Milliseconds in which a whole request must arrive; else 408.',
  }),
  KEEP_ALIVE_TIMEOUT_MS: integerSetting({
    from: 1_000,
    to: 3_600_000,
    default: KEEP_ALIVE_TIMEOUT_DEFAULT_MS,
  }).meta({ description: 'Milliseconds for which an idle connection is kept open.' }),
  COMMIT_MESSAGES_MAX: integerSetting({ from: 1, to: 10_000, default: COMMIT_MESSAGES_DEFAULT }).meta({
    description: 'Messages that share one commit; a larger batch request is committed alone.',
  }),
  COMMIT_BYTES_MAX: integerSetting({ from: 64 * KIB, to: 64 * MIB, default: COMMIT_BYTES_DEFAULT }).meta({
    description: 'Bytes of messages that share one commit; a larger batch request is committed alone.',
  }),
  COMMIT_WAITING_REQUESTS_MAX: integerSetting({
    from: 1,
    to: 1_000_000,
    default: WAITING_REQUESTS_DEFAULT,
  }).meta({ description: 'Publishes that may wait for the database; more are answered 503 `overloaded`.' }),
  COMMIT_WAITING_BYTES_MAX: optionalIntegerSetting({ from: 64 * KIB, to: 4_096 * MIB }).meta({
    description:
      'Bytes of publishes that may wait for the database; more are answered 503 `overloaded`. Default: half of `HELD_BYTES_MAX`, at most 64 MiB.',
  }),
  COMMIT_CONTENDED_REQUESTS_MAX: integerSetting({
    from: 1,
    to: 100_000,
    default: CONTENDED_REQUESTS_DEFAULT,
  }).meta({
    description:
      'Publishes that may wait for a target locked by another database transaction; more are answered 503 `overloaded`.',
  }),
  COMMIT_DEADLINE_MS: integerSetting({ from: 100, to: 60_000, default: COMMIT_DEADLINE_DEFAULT_MS }).meta({
    description: 'Milliseconds after which a publish that is not committed is answered `store_unavailable`.',
  }),
  HINT_DEADLINE_MS: integerSetting({ from: 10, to: 10_000, default: HINT_DEADLINE_DEFAULT_MS }).meta({
    description: 'Milliseconds that a committed publish waits for Redis before it is answered `stored`.',
  }),
  LOG_READS_MAX: integerSetting({ from: 1, to: 10_000, default: LOG_READS_DEFAULT }).meta({
    description:
      'Concurrent reads of logs; the same number each of receipts and of members. Further reads wait.',
  }),
  LOG_READS_WAITING_MAX: integerSetting({ from: 0, to: 100_000, default: LOG_READS_WAITING_DEFAULT }).meta({
    description:
      'Reads of logs that may wait; the same number each of receipts and of members. More are answered 503 `overloaded`.',
  }),
  LOG_PAGE_BYTES_MAX: integerSetting({ from: 64 * KIB, to: 64 * MIB, default: LOG_PAGE_BYTES_DEFAULT }).meta({
    description:
      'Bytes of one page of a log as JSON; a page that reaches it, or for which no memory is left, contains fewer messages than `limit`.',
  }),
  LOG_READ_DEADLINE_MS: integerSetting({
    from: 100,
    to: 60_000,
    default: LOG_READ_DEADLINE_DEFAULT_MS,
  }).meta({ description: 'Milliseconds after which an unfinished read is answered `store_unavailable`.' }),
  READER_ANSWERS_BYTES_MAX: optionalIntegerSetting({ from: 1 * MIB, to: 4_096 * MIB }).meta({
    description:
      'Bytes of all pages and lists that are being made or that their readers have not received yet (more are answered 503 `overloaded`), and of all other answers and requests that wait for clients which do not read (beyond it the connection that holds most is closed). Default: half of `HELD_BYTES_MAX`.',
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
    description:
      'Milliseconds between two checks for messages published by SQL; an append that finds none counts as a check.',
  }),
  RETENTION_SECONDS: optionalIntegerSetting({ from: 1, to: RETENTION_SECONDS_MAX }).meta({
    description: 'Older messages are deleted. Default: messages of any age are kept.',
  }),
  RETENTION_MESSAGES_PER_TARGET: optionalIntegerSetting({ from: 1, to: 1_000_000_000 }).meta({
    description: 'Number of newest messages kept for each target. Default: all are kept.',
  }),
  RETENTION_INTERVAL_MS: integerSetting({
    from: 100,
    to: 86_400_000,
    default: RETENTION_INTERVAL_DEFAULT_MS,
  }).meta({ description: 'Milliseconds between two checks for messages to delete.' }),
  DATABASE_WAIT_MS: integerSetting({ from: 0, to: 600_000, default: DATABASE_WAIT_DEFAULT_MS }).meta({
    description: 'Milliseconds that the start waits for a database server that does not answer yet.',
  }),
};
