import type { OperationsPart, OperationsState, Timeline } from '@postline/protocol';
import { clockWords, countWords, delayWords, rateWords, spanWords } from './figure-words.ts';
import { drawLines, drawSpans, drawTicks, type LaneAxis, type LaneSpan } from './lane-picture.ts';

/** One picture of the time line. */
export interface Lane {
  readonly title: string;
  /** Its latest value, in words. */
  readonly value: string;
  readonly draw: (axis: LaneAxis) => SVGSVGElement;
  /** Its value in a step, in words; empty if it has none to read. */
  readonly valueAt: (step: number) => string;
}

const SECOND_MS = 1_000;
/** The scale of delays is logarithmic: one slow message must not flatten all others. */
const SCALE_FROM_MS = 1;
const SCALE_TO_MS = 60_000;
const DELAY_GRID = [
  [10, '10 ms'],
  [100, '100 ms'],
  [1_000, '1 s'],
  [10_000, '10 s'],
] as const;

/** The pictures, from what breaks to what that does to messages. */
export function lanesOf(state: OperationsState): readonly Lane[] {
  const { timeline } = state;
  return [
    partLane('Database', 'database', state),
    partLane('Redis', 'bus', state),
    ticksLane('Comparisons that failed', timeline.comparisonsFailed),
    ticksLane('Gaps repaired', timeline.gapsRepaired),
    delayLane(timeline),
    rateLane(timeline),
    connectionLane(timeline),
  ];
}

export function windowOf({ fromMs, stepMs, connections }: Timeline): { fromMs: number; toMs: number } {
  return { fromMs, toMs: fromMs + stepMs * connections.length };
}

/** What a part was at each time: down in its outages, unknown before the start. */
export function spansOf(part: OperationsPart, state: OperationsState): readonly LaneSpan[] {
  const { fromMs, toMs } = windowOf(state.timeline);
  const outages = state.outages.filter((outage) => outage.part === part);
  const startMs = Math.min(Math.max(state.startedAtMs, fromMs), toMs);
  const down = outages.map(({ beganMs, endedMs, reason }): LaneSpan => {
    const lasted = spanWords((endedMs ?? state.nowMs) - beganMs);
    const from = clockWords(beganMs, state.nowMs);
    return {
      fromMs: beganMs,
      toMs: endedMs ?? toMs,
      kind: 'down',
      title: `down from ${from}, ${lasted}: ${reason}`,
    };
  });
  return [
    { fromMs, toMs: startMs, kind: 'unknown', title: 'before the start of the relay' },
    { fromMs: startMs, toMs, kind: 'up', title: 'up' },
    ...down.filter((span) => span.toMs >= fromMs && span.fromMs <= toMs),
  ];
}

function partLane(title: string, part: OperationsPart, state: OperationsState): Lane {
  const { status, sinceMs, reason } = state.parts[part];
  const span = spanWords(state.nowMs - sinceMs);
  const value = status === 'up' ? `up for ${span}` : `down for ${span}: ${reason ?? 'no reason known'}`;
  const spans = spansOf(part, state);
  const outages = spans.filter(({ kind }) => kind === 'down').length;
  const words = `${title}: ${value}; outages shown: ${outages}`;
  return { title, value, draw: (axis) => drawSpans(axis, spans, words), valueAt: () => '' };
}

function ticksLane(title: string, counts: readonly number[]): Lane {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const value = total === 0 ? 'none' : countWords(total);
  return {
    title,
    value,
    draw: (axis) => drawTicks(axis, counts, `${title}: ${value}`),
    valueAt: (step) =>
      (counts[step] ?? 0) === 0 ? '' : `${title.toLowerCase()}: ${countWords(counts[step] ?? 0)}`,
  };
}

function delayLane({ delayMedianMs, delayP99Ms }: Timeline): Lane {
  const highest = Math.max(...delayP99Ms.map((value) => value ?? 0));
  const value = highest === 0 ? 'no messages' : `99 % within ${delayWords(highest)} at most`;
  const decades = Math.log10(SCALE_TO_MS / SCALE_FROM_MS);
  const toHeight = (ms: number) => Math.log10(Math.min(Math.max(ms, SCALE_FROM_MS), SCALE_TO_MS)) / decades;
  return {
    title: 'Delay: median, and 99 % within (dashed)',
    value,
    draw: (axis) =>
      drawLines(axis, {
        lines: [
          { values: delayP99Ms, style: 'second' },
          { values: delayMedianMs, style: 'line' },
        ],
        toHeight,
        grid: DELAY_GRID,
        words: `Delay of messages: ${value}`,
      }),
    valueAt: (step) => {
      const [median, p99] = [delayMedianMs[step] ?? null, delayP99Ms[step] ?? null];
      if (median === null || p99 === null) return 'no delays';
      return `median ${delayWords(median)}, 99 % within ${delayWords(p99)}`;
    },
  };
}

function rateLane({ messagesSent, connections, stepMs }: Timeline): Lane {
  const rates = messagesSent.map((count, step) =>
    (connections[step] ?? null) === null ? null : count / (stepMs / SECOND_MS),
  );
  const highest = Math.max(...rates.map((rate) => rate ?? 0));
  const value = `at most ${rateWords(highest)}`;
  return {
    title: 'Messages sent per second',
    value,
    draw: (axis) =>
      drawLines(axis, {
        lines: [{ values: rates, style: 'area' }],
        toHeight: (rate) => rate / Math.max(highest, 1),
        words: `Messages sent per second: ${value}`,
      }),
    valueAt: (step) => `${rateWords(rates[step] ?? 0)} messages per second`,
  };
}

function connectionLane({ connections }: Timeline): Lane {
  const highest = Math.max(...connections.map((count) => count ?? 0));
  const value = `at most ${countWords(highest)}`;
  return {
    title: 'Connections',
    value,
    draw: (axis) =>
      drawLines(axis, {
        lines: [{ values: connections, style: 'area' }],
        toHeight: (count) => count / Math.max(highest, 1),
        words: `Connections: ${value}`,
      }),
    valueAt: (step) => {
      const count = connections[step] ?? null;
      return count === null ? 'the relay did not run, or stood still' : `${countWords(count)} connections`;
    },
  };
}
