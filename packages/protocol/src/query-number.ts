import { z } from 'zod';

/** A whole number in a query string. Its schema shows up as an integer in the OpenAPI document. */
export function queryNumber(description: string, from: number, to: number) {
  const error = `must be an integer from ${from} to ${to}`;
  return z
    .string()
    .regex(/^(?:0|[1-9]\d{0,15})$/, { error })
    .transform(Number)
    .refine((value) => value >= from && value <= to, { error })
    .meta({ override: { type: 'integer', minimum: from, maximum: to }, description });
}
