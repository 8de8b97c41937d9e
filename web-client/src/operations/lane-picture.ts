import { svgElement } from '../page/svg-element.ts';
import { clockWords } from './figure-words.ts';

/** The times that all lanes share. */
export interface LaneAxis {
  /** In pixels. */
  readonly width: number;
  readonly fromMs: number;
  readonly toMs: number;
}

/** Something that lasted, as a bar. */
export interface LaneSpan {
  readonly fromMs: number;
  readonly toMs: number;
  readonly kind: 'up' | 'down' | 'unknown';
  readonly title: string;
}

/** A line through a value for each step; null is a gap. */
interface LaneLine {
  readonly values: readonly (number | null)[];
  readonly style: 'area' | 'line' | 'second';
}

const BAR_HEIGHT = 14;
const LINES_HEIGHT = 56;
/** With room for the labels of a grid. */
const GRID_HEIGHT = 96;
/** A spike on the upper edge would lose half of its stroke. */
const TOP = 3;
/** A span that is shorter would not be seen. */
const SPAN_PIXELS_MIN = 2;
const TIME_LABELS_HEIGHT = 16;
/** Labels of 60 pixels, and room between them. */
const PIXELS_PER_LABEL = 110;

function xOf({ width, fromMs, toMs }: LaneAxis, ms: number): number {
  const share = (ms - fromMs) / (toMs - fromMs);
  return Math.min(Math.max(share, 0), 1) * width;
}

/** Bars for what lasted. */
export function drawSpans(axis: LaneAxis, spans: readonly LaneSpan[], words: string): SVGSVGElement {
  const picture = laneElement(axis, BAR_HEIGHT, words);
  for (const { fromMs, toMs, kind, title } of spans) {
    const x = xOf(axis, fromMs);
    const width = Math.max(xOf(axis, toMs) - x, kind === 'down' ? SPAN_PIXELS_MIN : 0);
    const bar = svgElement('rect', {
      x: round(x),
      y: 0,
      width: round(width),
      height: BAR_HEIGHT,
      class: kind,
    });
    const label = svgElement('title', {});
    label.textContent = title;
    bar.append(label);
    picture.append(bar);
  }
  return picture;
}

/** One tick for each step in which something was counted, as high as its share of the largest. */
export function drawTicks(axis: LaneAxis, counts: readonly number[], words: string): SVGSVGElement {
  const picture = laneElement(axis, BAR_HEIGHT, words);
  const largest = Math.max(...counts, 1);
  const step = axis.width / counts.length;
  picture.append(horizontalLine(axis, BAR_HEIGHT));
  for (const [index, count] of counts.entries()) {
    if (count === 0) continue;
    const height = Math.max((count / largest) * BAR_HEIGHT, BAR_HEIGHT / 3);
    const place = { x: round(index * step), y: round(BAR_HEIGHT - height) };
    picture.append(
      svgElement('rect', {
        ...place,
        width: round(Math.max(step, SPAN_PIXELS_MIN)),
        height: round(height),
        class: 'tick',
      }),
    );
  }
  return picture;
}

interface LaneLines {
  readonly lines: readonly LaneLine[];
  /** Maps a value to 0 (bottom) to 1 (top). */
  readonly toHeight: (value: number) => number;
  /** Values with a horizontal line, and their labels. */
  readonly grid?: readonly (readonly [value: number, label: string])[];
  readonly words: string;
}

/** Lines on one scale. */
export function drawLines(axis: LaneAxis, { lines, toHeight, grid = [], words }: LaneLines): SVGSVGElement {
  const height = grid.length > 0 ? GRID_HEIGHT : LINES_HEIGHT;
  const picture = laneElement(axis, height, words);
  picture.append(horizontalLine(axis, height));
  const y = (value: number) => height - toHeight(value) * (height - TOP);
  for (const [value, label] of grid) {
    const text = svgElement('text', { x: 0, y: round(y(value) - 3), class: 'axis-label' });
    text.textContent = label;
    picture.append(horizontalLine(axis, round(y(value))), text);
  }
  for (const { values, style } of lines) {
    const step = axis.width / values.length;
    for (const run of runsOf(values)) {
      const points = run.map(({ index, value }) => ({ x: round((index + 0.5) * step), y: round(y(value)) }));
      picture.append(...lineElements(points, { style, bottom: height }));
    }
  }
  return picture;
}

interface Point {
  readonly x: number;
  readonly y: number;
}

function lineElements(
  points: readonly Point[],
  { style, bottom }: { readonly style: LaneLine['style']; readonly bottom: number },
): SVGElement[] {
  const path = points.map(({ x, y }) => `${x} ${y}`).join('L');
  const d = points.length === 1 ? `M${path}h1` : `M${path}`; // a single value is a dot
  const line = svgElement('path', { d, class: style === 'second' ? 'line second' : 'line' });
  const [first, last] = [points.at(0), points.at(-1)];
  if (style !== 'area' || first === undefined || last === undefined) return [line];
  const area = `M${first.x} ${bottom}L${path}L${last.x} ${bottom}Z`;
  return [svgElement('path', { d: area, class: 'area' }), line];
}

/** The times below the lanes. */
export function drawTimes(axis: LaneAxis, nowMs: number): SVGSVGElement {
  const picture = laneElement(axis, TIME_LABELS_HEIGHT, '');
  picture.setAttribute('aria-hidden', 'true');
  const labels = Math.max(2, Math.min(6, Math.floor(axis.width / PIXELS_PER_LABEL)));
  for (let index = 0; index < labels; index += 1) {
    const share = index / (labels - 1);
    const anchor = index === 0 ? 'start' : index === labels - 1 ? 'end' : 'middle';
    const label = svgElement('text', {
      x: round(share * axis.width),
      y: 12,
      class: 'axis-label',
      'text-anchor': anchor,
    });
    label.textContent = clockWords(axis.fromMs + share * (axis.toMs - axis.fromMs), nowMs);
    picture.append(label);
  }
  return picture;
}

/** A vertical line through a lane. */
export function pointerElement(x: number): SVGLineElement {
  return svgElement('line', { x1: x, x2: x, y1: 0, y2: '100%', class: 'pointer' });
}

function laneElement({ width }: LaneAxis, height: number, words: string): SVGSVGElement {
  const picture = svgElement('svg', { viewBox: `0 0 ${width} ${height}`, height, role: 'img' });
  picture.setAttribute('aria-label', words);
  return picture;
}

function horizontalLine({ width }: LaneAxis, y: number): SVGLineElement {
  return svgElement('line', { x1: 0, x2: width, y1: y, y2: y, class: 'axis' });
}

/** The values without their gaps, run by run. */
function runsOf(values: readonly (number | null)[]): { index: number; value: number }[][] {
  const runs: { index: number; value: number }[][] = [];
  let isInRun = false;
  for (const [index, value] of values.entries()) {
    if (value !== null) {
      if (!isInRun) runs.push([]);
      runs.at(-1)?.push({ index, value });
    }
    isInRun = value !== null;
  }
  return runs;
}

function round(pixels: number): number {
  return Math.round(pixels * 10) / 10;
}
