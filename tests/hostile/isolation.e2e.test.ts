/**
 * Ten thousand attempts to read another client's messages with an id that looks like that client's. The text of each
 * message names its target. Every client that receives it must have identified as exactly that id.
 */
import { connect, type Socket } from 'node:net';
import { openRawWebSocket, publish, rawFrame, RelayClient, waitUntil } from '@postline/test-support';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startSystem, type System } from '../e2e/system.ts';
import { chunksOf, inLanes } from './lanes.ts';
import { lookAlikes, numberSpellings, VICTIMS } from './look-alikes.ts';
import { type RawAnswer, RawHttpConnection, type RawRequest } from './raw-http.ts';
import { readRelayWords, type RelayWords } from './relay-words.ts';

const PROBES_MIN = 10_000;
const PROBES_AT_ONCE = 50;
const TEST_MS = 180_000;
const GOOD_ID = /^(?!__proto__$)(?!group:$)[A-Za-z0-9_-][A-Za-z0-9._~:@|+-]{0,127}$/;

interface Probe {
  readonly victim: string;
  /** The id as JSON. */
  readonly json: string;
  /** The id as text; undefined for a number, which may be another spelling of the victim's id. */
  readonly text: string | undefined;
}

/** A connection that identified successfully, as some id. */
interface LetIn {
  readonly probe: Probe;
  readonly identifiedAs: string;
  readonly words: () => RelayWords;
  readonly socket: Socket;
}

let system: System;
let epoch: unknown;
const letIn: LetIn[] = [];
const leaks: string[] = [];
let tried = 0;

const probes: readonly Probe[] = VICTIMS.flatMap((victim) => [
  ...lookAlikes(victim).map((text) => ({ victim, text, json: JSON.stringify(text) })),
  ...numberSpellings(victim).map((json) => ({ victim, text: undefined, json })),
]);

beforeAll(async () => {
  system = await startSystem({ HEARTBEAT_SECONDS: '300' }); // the raw sockets never answer a ping
  for (const victim of VICTIMS)
    await publish(system.api.url, { message: secretOf(victim), targetId: victim });
  const client = await RelayClient.identified(system.relay.url, { clientId: 1 });
  epoch = (await client.frame('identified'))['epoch'];
  await client.close();
});

afterAll(async () => {
  for (const { socket } of letIn) socket.destroy();
  await system.stop();
});

it(
  '[HOS-2] [LOG-5] a client that identifies with a look-alike is refused or is another client, even with a cursor and acks',
  async () => {
    await inLanes(probes, async (probe) => {
      const conversation = await converse(probe);
      tried += 3; // identify, resume and ack
      if (conversation === undefined) return;
      letIn.push(conversation);
      checkIdentity(conversation);
    });
    expect(leaks).toEqual([]);
  },
  TEST_MS,
);

it(
  '[HOS-2] [DEL-3] a message to an id reaches only clients that identified as exactly that id',
  async () => {
    const lane = new RawHttpConnection(system.api.port);
    for (const some of chunksOf(probes, PROBES_AT_ONCE)) {
      const answers = await lane.exchange(some.map(publishTo));
      tried += some.length;
      for (const [index, probe] of some.entries()) checkPublish(probe, answers[index]);
    }
    lane.close();
    for (const conversation of letIn) await checkMessages(conversation);
    expect(leaks).toEqual([]);
  },
  TEST_MS,
);

it('the same conversation with the exact id gets the message, so a leak would be noticed', async () => {
  for (const victim of VICTIMS) {
    const conversation = await converse({ victim, text: victim, json: JSON.stringify(victim) });
    await waitUntil(`${victim} has its message`, () => conversation && hasItsOwn(conversation));
    conversation?.socket.destroy();
  }
});

it(
  '[HOS-2] [LOG-5] logs and receipts of a look-alike contain nothing of the real id',
  async () => {
    const lane = new RawHttpConnection(system.api.port);
    for (const part of ['messages', 'receipts']) {
      for (const some of chunksOf(probes, PROBES_AT_ONCE)) {
        const answers = await lane.exchange(
          some.map((probe) => get(`/targets/${pathPartOf(probe)}/${part}`)),
        );
        tried += some.length;
        for (const [index, probe] of some.entries()) checkReading(probe, answers[index]);
      }
    }
    lane.close();
    expect(leaks).toEqual([]);
  },
  TEST_MS,
);

it('[HOS-2] no ack of another client was stored, in 10,000 attempts', async () => {
  for (const victim of VICTIMS) {
    const answer = await fetch(`${system.api.url}/targets/${encodeURIComponent(victim)}/receipts`);
    const { receipts } = (await answer.json()) as { receipts: { clientId: string }[] };
    for (const { clientId } of receipts)
      if (clientId !== victim) leaks.push(`${clientId} acked for ${victim}`);
  }
  expect(leaks).toEqual([]);
  expect(tried).toBeGreaterThanOrEqual(PROBES_MIN);
  const asWhom = `${probes.length} look-alikes of ${VICTIMS.length} ids, ${letIn.length} of them ids of their own`;
  console.log(`isolation: ${tried} probes with ${asWhom}: ${leaks.length} leaks`);
});

/** The text that names the target of a message. */
function secretOf(targetId: string): string {
  return `only for <${targetId}>`;
}

/**
 * Sends the frames of a client that wants the victim's messages. Returns undefined if the relay closed the connection.
 */
async function converse(probe: Probe): Promise<LetIn | undefined> {
  const { victim, json } = probe;
  const socket = await openRawWebSocket(connect({ host: '127.0.0.1', port: system.relay.port }));
  let received = Buffer.from('\r\n\r\n');
  socket.on('data', (data: Buffer) => {
    received = Buffer.concat([received, data]);
  });
  let read = { length: 0, words: readRelayWords(received) };
  const words = () => {
    if (read.length < received.length) read = { length: received.length, words: readRelayWords(received) };
    return read.words;
  };
  const say = (payload: string) => socket.write(rawFrame({ opcode: 1, payload }));
  const resume = JSON.stringify({ epoch, offsets: { [victim]: 0 } });
  say(`{"type":"identify","clientId":${json},"resume":${resume}}`);
  await waitUntil('let in, or refused', () => words().texts.length > 0);
  const [identified] = words().texts;
  if (identified?.['type'] !== 'identified') {
    socket.destroy();
    return undefined;
  }
  say(JSON.stringify({ type: 'ack', targetId: victim, offset: 1 }));
  say('{"type":"ack","offset":1}');
  return { probe, identifiedAs: String(identified['clientId']), words, socket };
}

/** A text identifies as exactly that id, and a number as the number that it spells. Nobody can identify as a group. */
function checkIdentity({ probe, identifiedAs, words }: LetIn): void {
  const expected = idOf(probe);
  const isClient = GOOD_ID.test(expected) && !expected.startsWith('group:');
  if (identifiedAs !== expected || !isClient) leaks.push(`${probe.json} became ${identifiedAs}`);
  const followed = Object.keys(words().texts[0]?.['targets'] ?? {});
  if (followed.join() !== identifiedAs) leaks.push(`${probe.json} follows ${followed.join()}`);
}

/** When its own message has arrived, all messages that were sent before must have arrived too. */
async function checkMessages(conversation: LetIn): Promise<void> {
  const { probe, identifiedAs, words } = conversation;
  await waitUntil(`${identifiedAs} has its message`, () => hasItsOwn(conversation), TEST_MS / 2);
  for (const { type, targetId, data } of words().texts) {
    const isOwn = targetId === identifiedAs && data === secretOf(identifiedAs);
    if (type === 'new_message' && !isOwn)
      leaks.push(`${probe.json} got ${String(data)} of ${String(targetId)}`);
  }
}

function hasItsOwn({ identifiedAs, words }: LetIn): boolean {
  return words().texts.some(({ type, data }) => type === 'new_message' && data === secretOf(identifiedAs));
}

function checkPublish(probe: Probe, answer: RawAnswer | undefined): void {
  if (answer === undefined || answer.status >= 500) leaks.push(`${probe.json}: ${answer?.status}`);
  if (answer?.status !== 201) return;
  const { targetId } = JSON.parse(answer.body) as { targetId: string };
  if (targetId !== idOf(probe)) leaks.push(`${probe.json} was sent to ${targetId}`);
}

function checkReading(probe: Probe, answer: RawAnswer | undefined): void {
  if (answer === undefined || answer.status >= 500) leaks.push(`${probe.json}: ${answer?.status}`);
  if (answer?.status !== 200) return;
  const text = probe.text ?? probe.json;
  if (answer.body.includes(secretOf(probe.victim)) || !GOOD_ID.test(text))
    leaks.push(`${text}: ${answer.body}`);
}

function idOf({ text, json }: Probe): string {
  return text ?? String(Number(json));
}

/** A path contains no numbers: any spelling is a text there. */
function pathPartOf({ text, json }: Probe): string {
  return encodeURIComponent(text ?? json);
}

function publishTo(probe: Probe): RawRequest {
  const message = JSON.stringify(secretOf(probe.text ?? probe.victim));
  const bytes = Buffer.from(`{"message":${message},"targetId":${probe.json}}`);
  const head = `POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${bytes.length}\r\n\r\n`;
  return { bytes: Buffer.concat([Buffer.from(head), bytes]) };
}

function get(path: string): RawRequest {
  return { bytes: Buffer.from(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`) };
}
