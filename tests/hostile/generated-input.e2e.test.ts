/**
 * Bad bodies, headers, paths and frames. HOSTILE_SEED selects other input, and `npm run test:hostile` sends four times
 * as much.
 */
import { connect } from 'node:net';
import {
  openRawWebSocket,
  publish,
  rawFrame,
  RelayClient,
  type ServiceProcess,
  waitUntil,
} from '@postline/test-support';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startSystem, type System } from '../e2e/system.ts';
import { badConversations, framesToBeBorne } from './bad-frames.ts';
import {
  brokenRequests,
  requestsWithBadBodies,
  requestsWithBadHeaders,
  requestsWithBadPaths,
} from './bad-requests.ts';
import { complaintAbout, complaintAboutApi } from './complaint.ts';
import { chunksOf, inLanes } from './lanes.ts';
import { INSPECTED, LiveMemory } from './live-memory.ts';
import { RawHttpConnection, type RawRequest, readAnswers, sendAndHangUp } from './raw-http.ts';
import { complaintAboutRelay, readRelayWords } from './relay-words.ts';
import { SEED } from './seed.ts';

/** In the long form about 106,000 inputs, otherwise a quarter of them. */
const SHARE = process.env['MODE'] === 'long' ? 1 : 1 / 4;
const BODIES = 30_000 * SHARE;
const HEADERS = 12_000 * SHARE;
const PATHS = 8_000 * SHARE;
const PATHS_ON_RELAY = 3_000 * SHARE;
const BROKEN = 2_000 * SHARE;
const CONVERSATIONS = 6_000 * SHARE;
const FRAMES_BORNE = 45_000 * SHARE;
const ALL = BODIES + HEADERS + PATHS + PATHS_ON_RELAY + BROKEN + CONVERSATIONS + FRAMES_BORNE;

const REQUESTS_AT_ONCE = 50;
const CONNECTIONS = 8;
const SAMPLES = 21;
/**
 * Compiled code and caches still grow a little. In the long form, a leak of 100 bytes for each input would be 1.6 MiB.
 */
const GROWTH_MIB_MAX = 1.5;
/** It takes about 20 s on an idle machine. */
const TEST_MS = 300_000;
/** The levels `error` and `fatal` of pino. */
const LOGGED_FAILURE = /"level":(50|60)/;

let system: System;
let apiMemory: LiveMemory;
let relayMemory: LiveMemory;
let sent = 0;

beforeAll(async () => {
  console.log(`hostile input: seed ${SEED}`);
  system = await startSystem(INSPECTED);
  apiMemory = await LiveMemory.of(system.api);
  relayMemory = await LiveMemory.of(system.relay);
});

afterAll(async () => {
  apiMemory.close();
  relayMemory.close();
  await system.stop();
});

it(
  '[HOS-1] [PUB-10] bad bodies, headers and paths: no 5xx, no HTML, no stack trace; the API’s memory stays flat',
  async () => {
    const requests = interleaved([
      requestsWithBadBodies(BODIES, SEED),
      requestsWithBadHeaders(HEADERS, SEED),
      requestsWithBadPaths(PATHS, SEED),
    ]);
    await sendAll(system.api, requests, { complaint: complaintAboutApi, memory: apiMemory });
    expect(apiMemory.growthMebibytes(), apiMemory.summary()).toBeLessThan(GROWTH_MIB_MAX);
  },
  TEST_MS,
);

it(
  '[HOS-1] bytes that are hardly HTTP, on both ports: a valid answer, or the end of the connection',
  async () => {
    for (const service of [system.api, system.relay]) {
      await inLanes(brokenRequests(BROKEN / 2, SEED), async (bytes) => {
        const received = await sendAndHangUp(service.port, bytes);
        sent += 1;
        if (received.toString('latin1', 0, 12) === 'HTTP/1.1 101') return;
        for (const answer of readAnswers(received)) report(complaintOfAnyPort(answer), bytes, answer.head);
      });
    }
  },
  TEST_MS,
);

it(
  '[HOS-1] bad paths on the relay’s port',
  async () => {
    await sendAll(system.relay, requestsWithBadPaths(PATHS_ON_RELAY, SEED + 1), {
      complaint: complaintOfAnyPort,
    });
  },
  TEST_MS,
);

it(
  '[HOS-1] [DEL-13] bad frames: reported and closed, or tolerated; the relay’s memory stays flat',
  async () => {
    const conversations = badConversations(CONVERSATIONS, SEED);
    const batches = chunksOf(conversations, CONVERSATIONS / 15);
    for (const batch of batches) {
      await inLanes(batch, async (bytes) => {
        const received = await sendAndHangUp(system.relay.port, bytes);
        sent += 1;
        report(complaintAboutRelay(received), bytes, received.toString('latin1'));
      });
      await bearFrames(framesToBeBorne(FRAMES_BORNE / 15 + 1, SEED + sent));
      await relayMemory.sample();
    }
    expect(relayMemory.growthMebibytes(), relayMemory.summary()).toBeLessThan(GROWTH_MIB_MAX);
  },
  TEST_MS,
);

it('[HOS-1] afterwards both services run, have logged no failure, and deliver', async () => {
  expect(sent).toBeGreaterThanOrEqual(ALL);
  const reader = await RelayClient.identified(system.relay.url, { clientId: 'afterwards' });
  const { status, body } = await publish(system.api.url, { message: 'still here', targetId: 'afterwards' });
  expect([status, body['status']]).toEqual([201, 'sent']);
  expect(await reader.messagesOnceThereAre(1)).toMatchObject([{ data: 'still here', offset: 1 }]);
  await reader.close();
  for (const { process } of [system.api, system.relay]) {
    expect(process.hasEnded()).toBe(false);
    expect(process.output()).not.toMatch(LOGGED_FAILURE);
  }
  console.log(`hostile input: ${sent} sent; MiB: API ${apiMemory.summary()}; relay ${relayMemory.summary()}`);
});

interface Watch {
  readonly complaint: typeof complaintAbout;
  readonly memory?: LiveMemory;
}

async function sendAll(
  service: ServiceProcess,
  requests: readonly RawRequest[],
  watch: Watch,
): Promise<void> {
  const connections = Array.from({ length: CONNECTIONS }, () => new RawHttpConnection(service.port));
  const rounds = chunksOf(requests, REQUESTS_AT_ONCE * CONNECTIONS);
  for (const [index, round] of rounds.entries()) {
    const parts = chunksOf(round, REQUESTS_AT_ONCE);
    await Promise.all(parts.map((part, lane) => exchange(connections[lane], part, watch.complaint)));
    if (index % Math.ceil(rounds.length / SAMPLES) === 0) await watch.memory?.sample();
  }
  for (const connection of connections) connection.close();
}

async function exchange(
  connection: RawHttpConnection | undefined,
  requests: readonly RawRequest[],
  complaint: Watch['complaint'],
): Promise<void> {
  const answers = (await connection?.exchange(requests)) ?? [];
  sent += answers.length;
  for (const [index, answer] of answers.entries()) {
    report(complaint(answer), requests[index]?.bytes, `${answer.head}\n\n${answer.body}`);
  }
}

/** Sends frames on one connection, which must stay open. Each frame is answered. */
async function bearFrames(frames: readonly Buffer[]): Promise<void> {
  const socket = await openRawWebSocket(connect({ host: '127.0.0.1', port: system.relay.port }));
  let received = Buffer.from('\r\n\r\n');
  socket.on('data', (data: Buffer) => {
    received = Buffer.concat([received, data]);
  });
  socket.write(rawFrame({ opcode: 1, payload: '{"type":"identify","clientId":"bearer"}' }));
  await waitUntil('identified', () => received.includes('"identified"'));
  for (const part of chunksOf(frames, REQUESTS_AT_ONCE)) {
    const before = answersIn(received);
    socket.write(Buffer.concat(part));
    await waitUntil(
      'each is answered',
      () => answersIn(received) === before + part.length || socket.destroyed,
    );
  }
  sent += frames.length;
  expect(readRelayWords(received).closeCode).toBeUndefined();
  socket.destroy();
}

function answersIn(received: Buffer): number {
  return received.toString('latin1').match(/"type":"(pong|error)"/g)?.length ?? 0;
}

/** The relay serves its page at `/`, the only path where HTML is correct. */
function complaintOfAnyPort(answer: Parameters<typeof complaintAbout>[0]): string | undefined {
  return answer.status === 200 ? undefined : complaintAbout(answer);
}

function report(complaint: string | undefined, bytes: Buffer | undefined, answer: string): void {
  if (complaint === undefined) return;
  const shown = bytes?.toString('latin1').slice(0, 1_000);
  throw new Error(`${complaint} (seed ${SEED}) after\n${shown}\n\nthe answer was\n${answer.slice(0, 1_000)}`);
}

/** Mixes the kinds, so that every part of the run is alike. */
function interleaved(kinds: readonly (readonly RawRequest[])[]): RawRequest[] {
  const placed = kinds.flatMap((kind) =>
    kind.map((request, index) => ({ request, at: (index + 0.5) / kind.length })),
  );
  return placed.sort((a, b) => a.at - b.at).map(({ request }) => request);
}
