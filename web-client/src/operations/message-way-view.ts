import type { MessageAck, MessageSend, MessageWay } from '@postline/protocol';
import { textElement } from '../page/page-element.ts';
import { bytesWords, clockWords, countWords, preciseClockWords } from './figure-words.ts';
import { tableElement } from './table-element.ts';

interface Step {
  readonly title: string;
  readonly progress: 'done' | 'partly' | 'missing';
  readonly words: string;
  readonly more?: readonly Node[];
}

/** Shows the way of a message from the database to the devices that processed it. */
export function showWay(box: HTMLElement, way: MessageWay): void {
  const list = textElement('ol', 'way-steps');
  for (const { title, progress, words, more = [] } of stepsOf(way)) {
    const step = textElement('li', progress === 'missing' ? '' : progress);
    step.append(textElement('h3', '', title), textElement('p', 'when', words), ...more);
    list.append(step);
  }
  box.replaceChildren(list, textElement('p', 'note', limitsOf(way)));
}

function stepsOf(way: MessageWay): readonly Step[] {
  return [storedStep(way), hintedStep(way), sentStep(way), ackedStep(way)];
}

function storedStep({ stored, head, nowMs }: MessageWay): Step {
  const title = 'Stored';
  if (stored.state === 'not-yet') {
    const words = `Not yet: the last message of this target has offset ${countWords(head)}.`;
    return { title, progress: 'missing', words };
  }
  if (stored.state === 'deleted')
    return {
      title,
      progress: 'missing',
      words: 'It is no longer in the database: retention deletes the oldest messages.',
    };
  const at = preciseClockWords(Date.parse(stored.createdAt), nowMs);
  const words = `${at} by the clock of the database, as row ${stored.id}, ${bytesWords(stored.bytes)}.`;
  return { title, progress: 'done', words };
}

function hintedStep(way: MessageWay): Step {
  const title = 'Hinted';
  const [first, ...again] = way.hints;
  if (first === undefined)
    return { title, progress: 'missing', words: 'This relay received no hint of it, or has forgotten it.' };
  const more = again.length === 0 ? '' : `, and ${countWords(again.length)} more times`;
  return { title, progress: 'done', words: `${momentWords(first, way)}${more}.` };
}

function sentStep(way: MessageWay): Step {
  const { sends, followers, nowMs } = way;
  const title = 'Sent';
  const reached = `${countWords(followers.reached)} of ${countWords(followers.count)} connections that follow the target on this relay now have it.`;
  const progress = followers.reached < followers.count ? 'partly' : sends.count > 0 ? 'done' : 'missing';
  const [first] = sends.shown;
  if (first === undefined)
    return {
      title,
      progress,
      words: `This relay remembers no connection that was sent the message. ${reached}`,
    };
  const rows = sends.shown.map(({ clientId, connectionId, atMs, by }: MessageSend) => [
    clientId,
    preciseClockWords(atMs, nowMs),
    by === 'hint' ? 'when the hint arrived' : 'read from the database',
    connectionId,
  ]);
  const words = `To ${connectionWords(sends.count)}, first ${momentWords(first.atMs, way)}. ${reached}`;
  const more = [
    tableElement(['Client', 'Time', 'How', 'Connection'], rows),
    ...restNote(sends, 'connections'),
  ];
  return { title, progress, words, more };
}

function ackedStep(way: MessageWay): Step {
  const { acks, behind, nowMs } = way;
  const title = 'Acked';
  const progress = acks.count === 0 ? 'missing' : behind.count > 0 ? 'partly' : 'done';
  const words =
    acks.count + behind.count === 0
      ? 'No device has acked a message of this target.'
      : `${deviceWords(acks.count)} processed it, ${deviceWords(behind.count)} did not yet.`;
  const rows = [...acks.shown, ...behind.shown].map((ack: MessageAck) => [
    ack.clientId,
    ack.deviceId ?? 'no device id',
    ack.receivedMs === null ? '–' : preciseClockWords(ack.receivedMs, nowMs),
    `${countWords(ack.offset)} at ${clockWords(Date.parse(ack.storedAt), nowMs)}`,
  ]);
  if (rows.length === 0) return { title, progress, words };
  const titles = ['Client', 'Device', 'Ack received here', 'Stored: processed up to'];
  return { title, progress, words, more: [tableElement(titles, rows), ...restNote(acks, 'devices')] };
}

/** A time, and how long after the message was stored it was. */
function momentWords(atMs: number, { stored, nowMs }: MessageWay): string {
  const at = preciseClockWords(atMs, nowMs);
  if (stored.state !== 'stored') return at;
  const afterMs = atMs - Date.parse(stored.createdAt);
  return `${at} (${afterMs < 0 ? '' : '+'}${countWords(afterMs)} ms)`;
}

function limitsOf({ rememberedFromMs, nowMs }: MessageWay): string {
  const memory =
    rememberedFromMs === null
      ? 'Hints, sends and acks are those that this relay saw since its start.'
      : `Hints, sends and acks are those that this relay saw since ${clockWords(rememberedFromMs, nowMs)}; earlier ones are forgotten.`;
  return `${memory} Other relays have their own. What the database stored is the same for all.`;
}

function restNote(
  { count, shown }: { count: number; shown: readonly unknown[] },
  name: string,
): readonly Node[] {
  if (count <= shown.length) return [];
  return [textElement('p', 'note', `The first ${countWords(shown.length)} of ${countWords(count)} ${name}.`)];
}

function connectionWords(count: number): string {
  return count === 1 ? '1 connection' : `${countWords(count)} connections`;
}

function deviceWords(count: number): string {
  return count === 1 ? '1 device' : `${countWords(count)} devices`;
}
