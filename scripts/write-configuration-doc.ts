/**
 * Writes docs/configuration.md from the schemas that the services read their environment with. With `--check` it writes
 * nothing and fails where the file is not what it would write.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { API_MEMORY, apiEnvironment, apiProcessEnvironment } from '@postline/api-server';
import { clientTokenEnvironment } from '@postline/client-tokens';
import { defaultHeldBytes, holdableBytes, backendSettings, sharedSettings } from '@postline/service-runtime';
import { BATCH_BODY_BYTES_MAX } from '@postline/protocol';
import { standaloneProcessEnvironment } from '@postline/standalone/dist/configuration.js';
import { relayEnvironment, relayProcessEnvironment } from '@postline/websocket-server';
import type { z } from 'zod';

const FILE = 'docs/configuration.md';

type Shape = Readonly<Record<string, z.ZodType>>;

interface Section {
  readonly title: string;
  readonly intro: string;
  readonly shape: Shape;
}

/** What of `shape` is not in any of the others. */
function without(shape: Shape, ...others: readonly Shape[]): Shape {
  return Object.fromEntries(Object.entries(shape).filter(([name]) => !others.some((other) => name in other)));
}

const EVERYWHERE = { ...sharedSettings, ...backendSettings, ...clientTokenEnvironment };

const SECTIONS: readonly Section[] = [
  { title: 'Every service', intro: '', shape: EVERYWHERE },
  {
    title: 'The API (`npm run api`)',
    intro: '`DATABASE_URL` and `REDIS_URL` are required.',
    shape: without(apiProcessEnvironment, EVERYWHERE),
  },
  {
    title: 'The relay (`npm run relay`)',
    intro: '`DATABASE_URL` and `REDIS_URL` are required.',
    shape: without(relayProcessEnvironment, EVERYWHERE),
  },
  {
    title: 'Both in one process (`npm start`)',
    intro:
      'All settings of the API and the relay except `PORT`, and these. `DATABASE_URL` and `REDIS_URL`: both or neither.',
    shape: without(standaloneProcessEnvironment, EVERYWHERE, apiEnvironment, relayEnvironment),
  },
];

function row(name: string, schema: z.ZodType): string {
  const whenUnset = schema.safeParse(undefined);
  const shown = whenUnset.success ? shownDefault(whenUnset.data) : '';
  return `| \`${name}\` | ${shown} | ${schema.meta()?.description ?? ''} |`;
}

function shownDefault(value: unknown): string {
  const isScalar = typeof value === 'number' || (typeof value === 'string' && value !== '');
  return isScalar ? `\`${value}\`` : '';
}

function table({ title, intro, shape }: Section): string {
  const rows = Object.entries(shape).map(([name, schema]) => row(name, schema));
  const lead = intro === '' ? '' : `${intro}\n\n`;
  return `## ${title}\n\n${lead}| variable | default | |\n| --- | --- | --- |\n${rows.join('\n')}\n`;
}

const MIB = 1024 * 1024;

/** What a process in a container may hold with Node's default heap, half of the container's memory. */
function memoryRow(containerMib: number, toSet: string): string {
  const memory = { heapBytes: (containerMib / 2) * MIB, limitBytes: containerMib * MIB };
  const held = defaultHeldBytes(memory);
  const batchMax = Math.min(held / API_MEMORY.pieces.BATCH_BODY_BYTES_MAX, BATCH_BODY_BYTES_MAX) / MIB;
  const [heldMib, holdableMib] = [held, holdableBytes(memory)].map((bytes) => Math.floor(bytes / MIB));
  return `| ${containerMib} MB | ${heldMib} MiB | ${holdableMib} MiB | ${batchMax.toFixed(1)} MiB | ${toSet} |`;
}

const MEMORY_ROWS = [
  memoryRow(
    256,
    '`BATCH_BODY_BYTES_MAX=3145728`, without which the start is refused; `API_CONNECTIONS_MAX=1000`',
  ),
  memoryRow(512, '`API_CONNECTIONS_MAX=4000`'),
  memoryRow(1024, 'nothing'),
];

const MEMORY = `## How much memory

Each process counts the memory that it holds for others at its real cost, before it takes it: \`HELD_BYTES_MAX\` bytes at most. If
there is no room, the largest holder gives way to a smaller one: its body is refused, or its connection closed. A process that
runs both services has one such sum for both.

If \`HELD_BYTES_MAX\` is not set, it is derived from the container's memory limit: 96 MiB of it are for the program, and two thirds of
the rest for the heap, or Node's own heap limit if that is lower. After 80 MiB for the service itself, half of the heap may be held
(256 MiB at most); the other half is for the work of the moment. With \`WORKERS\`, each process has an equal part of the limit: two
workers in 1 GB are two processes with 512 MB each. The start is refused if a sum exceeds three quarters of that room, or if one body or
one page would not fit \`HELD_BYTES_MAX\` (a body takes up to four times its bytes while it is read, a page three times).

| sum | service | what it bounds | default |
| --- | --- | --- | --- |
| \`HELD_BYTES_MAX\` | both | bodies, answers and bytes that wait in sockets, together | derived |
| \`BODIES_BYTES_MAX\` | API | bodies, from their first byte until they are stored | ¾ of it |
| \`COMMIT_WAITING_BYTES_MAX\` | API | publishes that wait for the database: texts, ids, keys. Counted separately; the texts of larger bodies count among the bodies too | ½ of it, 64 MiB at most |
| \`READER_ANSWERS_BYTES_MAX\` | API | pages and receipts until they are read, other unread answers, requests that wait behind them | ½ of it |
| \`SOCKET_QUEUES_BYTES_MAX\` | relay | bytes that wait in all sockets for slow clients, 256 KiB in each; as much again for incomplete frames | ½ of it, 128 MiB at most |

The sums may exceed the whole: room that one kind does not need is available to the others.

| memory limit | \`HELD_BYTES_MAX\` by default | at most | largest batch | to set |
| --- | --- | --- | --- | --- |
${MEMORY_ROWS.join('\n')}

The rows are for one process with a heap of half the limit, which is Node's default.
\`NODE_OPTIONS=--max-old-space-size=…\` sets the heap in MiB; more than two thirds of the limit is of no use.

Small items are bounded by their number. Check these if many connections meet little memory:

- **Connections of the API**: an open one takes about 3 KB, and one that has sent half of its headers up to
  \`HEADERS_BYTES_MAX\` more: \`API_CONNECTIONS_MAX\` × (\`HEADERS_BYTES_MAX\` + 3 KB), 190 MB with the defaults, for
  \`HEADERS_TIMEOUT_MS\` at most. A body of up to 4 KiB that arrived in one piece counts only among the waiting publishes.
- **Waiting publishes**: \`COMMIT_WAITING_REQUESTS_MAX\`, each with about 4 KB for its request and response.
- **Connections of the relay**: \`CONNECTIONS_MAX\`, each with about 4 KB of heap while it is idle; those that have not
  identified, \`CONNECTIONS_AWAITING_IDENTIFY_MAX\`, with one frame of 64 KiB at most.
- **Tokens that wait for a key**: 512 of one address and 4,096 in all, of 8 KiB at most: 32 MiB.
- **Pages of the relay**: \`BACKLOG_READS_MAX\` × about 1 MiB while they are read.
`;

const text = `# Configuration

All settings are environment variables. This page is generated from the schemas that read them
(\`node scripts/dist/write-configuration-doc.js\`). A wrong value stops the start with one line for each wrong variable.

${SECTIONS.map(table).join('\n')}
${MEMORY}`;

if (process.argv.includes('--check')) {
  const isCurrent = readFileSync(FILE, 'utf8') === text;
  console.log(
    isCurrent
      ? `${FILE} matches the schemas`
      : `${FILE} does not match the schemas: run node scripts/dist/write-configuration-doc.js`,
  );
  process.exitCode = isCurrent ? 0 : 1;
} else {
  writeFileSync(FILE, text);
}
