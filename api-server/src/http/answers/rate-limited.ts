import type { Refusal } from './problem.ts';

/** A refusal with code rate_limited, which says in whole seconds when to come back. */
export function rateLimited(detail: string, waitMs: number): Refusal {
  return {
    code: 'rate_limited',
    detail,
    headers: { 'Retry-After': String(Math.max(1, Math.ceil(waitMs / 1_000))) },
  };
}
