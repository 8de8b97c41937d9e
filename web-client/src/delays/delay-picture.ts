import { svgElement } from '../page/svg-element.ts';
import { durationWords } from '../page/time-words.ts';
import { type Delay, DELAYS_KEPT, type Station, STATIONS, timeAt } from './delay-log.ts';

const WIDTH = 360;
const HEIGHT = 112;
/** Room for the labels of the axis. */
const LEFT = 42;
const TOP = 8;
const BOTTOM = 8;
const RIGHT = 4;
const COLUMN = (WIDTH - LEFT - RIGHT) / DELAYS_KEPT;
/** The scale is logarithmic: one slow message must not flatten all others. */
const SCALE_FROM_MS = 1;
const SCALE_TO_MS_MIN = 10;

/** Each station has its own shape, for people who cannot see the colours. */
const SHAPES: Readonly<Record<Station, string>> = {
  stored: 'M0 -2.8L2.8 0L0 2.8L-2.8 0Z',
  delivered: 'M0 -2.4A2.4 2.4 0 1 1 0 2.4A2.4 2.4 0 1 1 0 -2.4Z',
  answered: 'M-2.2 -2.2H2.2V2.2H-2.2Z',
};

/** One column for each message, the newest on the right: a line from the first station to the last, with their marks. */
export function drawDelays(delays: readonly Delay[]): SVGSVGElement {
  const slowestMs = Math.max(...delays.flatMap(timesOf));
  const toMs = Math.max(SCALE_TO_MS_MIN, 10 ** Math.ceil(Math.log10(slowestMs)));
  const decades = Math.log10(toMs / SCALE_FROM_MS);
  const y = (ms: number) => {
    const share = Math.log10(Math.max(ms, SCALE_FROM_MS) / SCALE_FROM_MS) / decades;
    return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM);
  };
  const picture = svgElement('svg', {
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
    role: 'img',
    class: 'delay-picture',
  });
  picture.setAttribute(
    'aria-label',
    `Delays of ${delays.length} messages, the slowest ${durationWords(slowestMs)}`,
  );
  for (let ms = SCALE_FROM_MS; ms <= toMs; ms *= 10) picture.append(...gridElements(ms, y(ms)));
  for (const [index, delay] of delays.entries()) {
    const x = WIDTH - RIGHT - COLUMN * (delays.length - index - 0.5);
    picture.append(columnElement(delay, x, y));
  }
  return picture;
}

/** The mark of a station, for the legend. */
export function markOf(station: Station): SVGSVGElement {
  const picture = svgElement('svg', { viewBox: '-4 -4 8 8', class: 'delay-mark', 'aria-hidden': 'true' });
  picture.append(svgElement('path', { d: SHAPES[station], class: `delay-${station}` }));
  return picture;
}

function timesOf(delay: Delay): number[] {
  return STATIONS.flatMap((station) => timeAt(delay, station) ?? []);
}

function gridElements(ms: number, y: number): SVGElement[] {
  const label = svgElement('text', { x: LEFT - 6, y: y + 3.5, class: 'delay-label', 'text-anchor': 'end' });
  label.textContent = ms < 1_000 ? `${ms} ms` : `${ms / 1_000} s`;
  return [svgElement('line', { x1: LEFT, x2: WIDTH, y1: y, y2: y, class: 'delay-grid' }), label];
}

function columnElement(delay: Delay, x: number, y: (ms: number) => number): SVGElement {
  const column = svgElement('g', {});
  const times = timesOf(delay);
  const words = STATIONS.flatMap((station) => {
    const ms = timeAt(delay, station);
    return ms === undefined ? [] : `${station} ${durationWords(ms)}`;
  });
  const title = svgElement('title', {});
  title.textContent = words.join(', ');
  const [from, to] = [y(Math.min(...times)), y(Math.max(...times))];
  column.append(title, svgElement('line', { x1: x, x2: x, y1: from, y2: to, class: 'delay-span' }));
  for (const station of STATIONS) {
    const ms = timeAt(delay, station);
    if (ms === undefined) continue;
    const place = `translate(${x} ${y(ms)})`;
    column.append(svgElement('path', { d: SHAPES[station], transform: place, class: `delay-${station}` }));
  }
  return column;
}
