/** The operations page of a relay: reads its state each second, and shows it. */
import type { OperationsState } from '@postline/protocol';
import { showDelays } from './operations/delays-view.ts';
import { showFigures } from './operations/figures-view.ts';
import { showGaps, showOutages } from './operations/incidents-view.ts';
import { KeyForm } from './operations/key-form.ts';
import { showWay } from './operations/message-way-view.ts';
import { OperationsClient } from './operations/operations-client.ts';
import { StatusLine } from './operations/status-line.ts';
import { TimelineView } from './operations/timeline-view.ts';
import { pageElement, textElement } from './page/page-element.ts';

const REFRESH_MS = 1_000;

const client = new OperationsClient();
const board = pageElement('board', HTMLElement);
const statusLine = new StatusLine({
  status: pageElement('status', HTMLElement),
  about: pageElement('about', HTMLElement),
});
const timeline = new TimelineView({
  box: pageElement('lanes', HTMLElement),
  readout: pageElement('readout', HTMLElement),
});
const windows = pageElement('windows', HTMLFieldSetElement);
const wayForm = pageElement('way-form', HTMLFormElement);
const wayTarget = pageElement('way-target', HTMLInputElement);
const wayOffset = pageElement('way-offset', HTMLInputElement);
const wayBox = pageElement('way', HTMLElement);

let isWaitingForKey = false;
let timer: number | undefined;
let lastGaps = '';

const keyForm = new KeyForm((key) => {
  client.useKey(key);
  isWaitingForKey = false;
  void refresh();
});

async function refresh(): Promise<void> {
  clearTimeout(timer);
  const answer = await client.state(windowSeconds());
  if (answer.kind === 'answered') show(answer.value);
  else if (answer.kind === 'failed') statusLine.lost(answer.detail);
  else waitForKey(answer.detail);
  scheduleRefresh();
}

/** A page that nobody sees asks for nothing. */
function scheduleRefresh(): void {
  clearTimeout(timer);
  if (!isWaitingForKey && !document.hidden) timer = setTimeout(() => void refresh(), REFRESH_MS);
}

function windowSeconds(): number {
  return Number(windows.querySelector<HTMLInputElement>(':checked')?.value);
}

function waitForKey(detail: string): void {
  isWaitingForKey = true;
  board.hidden = true;
  statusLine.waitForKey();
  keyForm.ask(client.hasKey ? detail : 'This relay shows its operations page with a key only.');
}

function show(state: OperationsState): void {
  keyForm.hide();
  board.hidden = false;
  statusLine.show(state);
  showWarnings(state.warnings);
  showFigures(pageElement('figures', HTMLElement), state);
  timeline.show(state);
  showDelays(pageElement('delays', HTMLElement), state.delays);
  showOutages(pageElement('outages', HTMLElement), state);
  showNewGaps(state);
}

function showWarnings(warnings: readonly string[]): void {
  const list = pageElement('warnings', HTMLElement);
  list.hidden = warnings.length === 0;
  list.replaceChildren(...warnings.map((warning) => textElement('li', '', warning)));
}

/** The list has buttons: replaced each second, none of them could keep the focus. */
function showNewGaps(state: OperationsState): void {
  const gaps = JSON.stringify(state.gaps);
  if (gaps === lastGaps) return;
  lastGaps = gaps;
  showGaps(pageElement('gaps', HTMLElement), state, (targetId, offset) => {
    wayTarget.value = targetId;
    wayOffset.value = String(offset);
    wayForm.requestSubmit();
    wayForm.scrollIntoView();
  });
}

async function showWayOf(targetId: string, offset: string): Promise<void> {
  const answer = await client.wayOf(targetId, offset);
  if (answer.kind === 'answered') showWay(wayBox, answer.value);
  else wayBox.replaceChildren(textElement('p', 'note', answer.detail));
}

wayForm.addEventListener('submit', (event) => {
  event.preventDefault();
  void showWayOf(wayTarget.value.trim(), wayOffset.value.trim());
});
windows.addEventListener('change', () => void refresh());
document.addEventListener('visibilitychange', () => {
  if (!document.hidden && !isWaitingForKey) void refresh();
});
void refresh();
