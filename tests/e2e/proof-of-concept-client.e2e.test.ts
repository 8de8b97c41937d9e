/** A client written for the proof of concept, replayed frame by frame: nothing about it may have to change. */
import { startStandalone, type StandaloneProcess } from '@postline/test-support';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { WebSocket } from 'ws';

let postline: StandaloneProcess;

beforeAll(async () => {
  postline = await startStandalone();
});

afterAll(async () => {
  await postline.stop();
});

/** What its page did: identify on open, show `data` of each new_message, ignore what it doesn't know. */
function proofOfConceptPage(
  relayUrl: string,
  clientId: number,
): { shown: string[]; identified: Promise<void>; close(): void } {
  const shown: string[] = [];
  const socket = new WebSocket(relayUrl.replace('http', 'ws'));
  const identified = new Promise<void>((resolve) => {
    socket.on('open', () => {
      socket.send(JSON.stringify({ type: 'identify', clientId }));
    });
    socket.on('message', (text: Buffer) => {
      const frame = JSON.parse(text.toString()) as { type: string; data: string };
      if (frame.type === 'new_message') shown.push(frame.data);
      if (frame.type === 'identified') resolve();
    });
  });
  return { shown, identified, close: () => socket.close() };
}

it('[DEL-1] [DEL-3] shows to client 1 what was sent to client 1, and nothing to client 2', async () => {
  const one = proofOfConceptPage(postline.relayUrl, 1);
  const two = proofOfConceptPage(postline.relayUrl, 2);
  await Promise.all([one.identified, two.identified]);

  const send = (body: string) =>
    fetch(postline.apiUrl, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body });
  expect((await send('{"message": "Hello Client 1!", "targetId": 1}')).ok).toBe(true);
  expect((await send('{"message": "Hello Client 2!", "targetId": 2}')).ok).toBe(true);

  await expect.poll(() => [one.shown, two.shown]).toEqual([['Hello Client 1!'], ['Hello Client 2!']]);
  one.close();
  two.close();
});
