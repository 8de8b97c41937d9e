import { InvalidArgumentError } from 'commander';

/** With its zone: a local time would be another moment on another machine. */
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(?:Z|[+-]\d\d:\d\d)$/;

/** Parses an integer within these bounds. */
export function integerFrom(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d{1,16}$/.test(text) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`It must be an integer from ${least} to ${most}.`);
  };
}

/** Parses a time in the past, with its zone. */
export function timeWithZone(text: string): Date {
  const time = new Date(text);
  if (!TIME.test(text) || Number.isNaN(time.getTime()))
    throw new InvalidArgumentError('It must be a time with its zone, for example 2026-11-23T08:30:00Z.');
  if (time > new Date()) throw new InvalidArgumentError('It must not be in the future.');
  return time;
}
