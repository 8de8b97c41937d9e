import type { OperationsState } from '@postline/protocol';
import { textElement } from '../page/page-element.ts';
import { clockWords } from './figure-words.ts';
import { type Lane, lanesOf, windowOf } from './lane-list.ts';
import { drawTimes, type LaneAxis, pointerElement } from './lane-picture.ts';

const NOT_POINTING = 'Point at a picture to read its values.';
/** A page that was never shown has no width. */
const WIDTH_MIN = 200;

/** The pictures of the time line, one below the other on one axis, and the values under the pointer. */
export class TimelineView {
  readonly #box: HTMLElement;
  readonly #readout: HTMLElement;
  #state: OperationsState | undefined;
  #lanes: readonly Lane[] = [];
  /** From the left edge, as a share of the width; undefined while nobody points. */
  #pointed: number | undefined;

  constructor({ box, readout }: { readonly box: HTMLElement; readonly readout: HTMLElement }) {
    this.#box = box;
    this.#readout = readout;
    box.addEventListener('pointermove', (event) => {
      const { left, width } = this.#pictureBox();
      this.#point(width > 0 ? Math.min(Math.max((event.clientX - left) / width, 0), 1) : undefined);
    });
    box.addEventListener('pointerleave', () => {
      this.#point(undefined);
    });
    new ResizeObserver(() => {
      this.#draw();
    }).observe(box);
  }

  show(state: OperationsState): void {
    this.#state = state;
    this.#lanes = lanesOf(state);
    this.#draw();
  }

  #point(share: number | undefined): void {
    this.#pointed = share;
    this.#showPointer();
  }

  #draw(): void {
    const state = this.#state;
    if (state === undefined) return;
    const axis: LaneAxis = {
      width: Math.max(this.#pictureBox().width, WIDTH_MIN),
      ...windowOf(state.timeline),
    };
    const lanes = this.#lanes.map(({ title, value, draw }) => {
      const lane = textElement('div', 'lane');
      const head = textElement('div', 'lane-head');
      head.append(textElement('span', 'lane-title', title), textElement('span', 'lane-value', value));
      lane.append(head, draw(axis));
      return lane;
    });
    this.#box.replaceChildren(...lanes, drawTimes(axis, state.nowMs));
    this.#showPointer();
  }

  #showPointer(): void {
    for (const line of this.#box.querySelectorAll('.pointer')) line.remove();
    const timeline = this.#state?.timeline;
    if (this.#pointed === undefined || timeline === undefined || this.#state === undefined) {
      this.#readout.textContent = NOT_POINTING;
      return;
    }
    const steps = timeline.connections.length;
    const step = Math.min(Math.floor(this.#pointed * steps), steps - 1);
    const { width } = this.#pictureBox();
    for (const picture of this.#box.querySelectorAll('.lane svg'))
      picture.append(pointerElement(((step + 0.5) / steps) * width));
    const values = this.#lanes.map((lane) => lane.valueAt(step)).filter((words) => words !== '');
    const clock = clockWords(timeline.fromMs + step * timeline.stepMs, this.#state.nowMs);
    this.#readout.textContent = `${clock}: ${values.join(', ')}`;
  }

  /** Where the pictures are: inside the padding of the box. */
  #pictureBox(): { readonly left: number; readonly width: number } {
    const { left } = this.#box.getBoundingClientRect();
    const { paddingLeft, paddingRight } = getComputedStyle(this.#box);
    const padding = Number.parseFloat(paddingLeft);
    const width = this.#box.clientWidth - padding - Number.parseFloat(paddingRight);
    return { left: left + padding, width };
  }
}
