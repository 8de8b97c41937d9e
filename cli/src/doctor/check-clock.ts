import { fault, type Finding, ok, skipped } from './finding.ts';

const CHECK = 'clock';
/** The relay checks tokens and their expiry by its own clock. A few seconds of difference do no harm. */
const DIFFERENCE_MS_MAX = 5_000;

/** The time that another clock showed. */
export interface ClockReading {
  readonly of: string;
  /** The other clock, in ms since 1970. */
  readonly atMs: number;
  /** This machine's clock at that moment. */
  readonly hereMs: number;
  /** How much the reading can be wrong, in milliseconds. */
  readonly unclearMs: number;
}

/** Compares the clocks of the services and the database with this machine's. */
export function checkClocks(readings: readonly ClockReading[]): readonly Finding[] {
  if (readings.length === 0) return [skipped(CHECK, 'no other clock could be read')];
  const wrong = readings.filter((reading) => differenceMs(reading) > DIFFERENCE_MS_MAX);
  if (wrong.length === 0) {
    const names = readings.map(({ of }) => of).join(', ');
    return [ok(CHECK, `${names}: within ${DIFFERENCE_MS_MAX / 1_000} s of this machine`)];
  }
  return wrong.map(({ of, atMs, hereMs }) => {
    const seconds = Math.round(Math.abs(atMs - hereMs) / 1_000);
    const text = `the clock of the ${of} is ${seconds} s ${atMs > hereMs ? 'ahead of' : 'behind'} this machine's`;
    const todo =
      'Set both clocks by NTP (timedatectl set-ntp true): the times of tokens are compared with them.';
    return fault(CHECK, text, todo);
  });
}

function differenceMs({ atMs, hereMs, unclearMs }: ClockReading): number {
  return Math.abs(atMs - hereMs) - unclearMs;
}
