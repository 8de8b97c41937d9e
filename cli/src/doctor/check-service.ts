import { reasonOf } from '../api/api-client.ts';
import { z } from 'zod';
import type { ClockReading } from './check-clock.ts';
import { databaseAdviceFor } from './database-advice.ts';
import { fault, type Finding, ok, warning } from './finding.ts';
import { redisAdviceFor } from './redis-advice.ts';

/** Longer than a service takes to notice that its database does not answer. */
const ANSWER_MS_MAX = 8_000;
/** `Date` headers contain only whole seconds. */
const DATE_UNCLEAR_MS = 500;

const readinessSchema = z.object({
  status: z.enum(['ready', 'degraded', 'not_ready']),
  parts: z.record(z.string(), z.object({ status: z.enum(['up', 'down']), reason: z.string().optional() })),
  warnings: z.array(z.string()),
});
type Readiness = z.output<typeof readinessSchema>;

export interface ServiceToCheck {
  readonly check: 'api' | 'relay';
  /** The base URL of its probes: `http:` or `https:`. */
  readonly url: string;
  readonly urlVariable: string;
  readonly startCommand: string;
}

export interface ServiceCheck {
  readonly findings: readonly Finding[];
  /** `usable`: it can deliver, with or without Redis. `not there`: the expected service does not answer. */
  readonly state: 'usable' | 'without database' | 'not there';
  readonly clock?: ClockReading;
}

/** Reads whether a service is ready. */
export async function checkService(service: ServiceToCheck): Promise<ServiceCheck> {
  const { check, url, urlVariable, startCommand } = service;
  const sentAtMs = Date.now();
  try {
    const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(ANSWER_MS_MAX) });
    const clock = clockOf(check, response.headers.get('Date'), sentAtMs);
    const parsed = readinessSchema.safeParse(await response.json().catch(() => undefined));
    if (parsed.success) {
      const isDown = parsed.data.parts['database']?.status === 'down';
      const state = isDown ? 'without database' : 'usable';
      return { findings: findingsOf(service, parsed.data), state, ...clock };
    }
    const text = `at ${url} something else answers (status ${response.status} on /readyz)`;
    return {
      findings: [fault(check, text, `Set ${urlVariable} to the address of the ${check}.`)],
      state: 'not there',
    };
  } catch (error) {
    const why = error instanceof Error && error.name === 'TimeoutError' ? 'timed out' : reasonOf(error);
    const todo = `Start the ${check} (npm start, or ${startCommand}), or set ${urlVariable} to its address.`;
    return { findings: [fault(check, `nothing answers at ${url}: ${why}`, todo)], state: 'not there' };
  }
}

function findingsOf(
  { check, url }: ServiceToCheck,
  { status, parts, warnings }: Readiness,
): readonly Finding[] {
  const faults = Object.entries(parts).flatMap(([name, part]) => {
    if (part.status === 'up') return [];
    const reason = part.reason ?? 'it does not answer';
    const where = `At the ${check}: `;
    const advice = name === 'database' ? databaseAdviceFor(reason) : redisAdviceFor(reason);
    return [fault(check, `its ${name} is down: ${reason}`, `${where}${advice}`)];
  });
  const warned = warnings.map((text) => warning(check, text));
  if (faults.length > 0) return [...faults, ...warned];
  if (status === 'ready') return [ok(check, `ready at ${url}`), ...warned];
  const text = `answers at ${url}, but is ${status}`;
  return [
    fault(check, text, `Wait until the ${check} has started, or start it again if it drains.`),
    ...warned,
  ];
}

function clockOf(of: string, date: string | null, sentAtMs: number): { readonly clock?: ClockReading } {
  const atMs = Date.parse(date ?? '');
  if (Number.isNaN(atMs)) return {};
  const hereMs = (sentAtMs + Date.now()) / 2;
  const unclearMs = DATE_UNCLEAR_MS + (Date.now() - sentAtMs) / 2;
  return { clock: { of, atMs: atMs + DATE_UNCLEAR_MS, hereMs, unclearMs } };
}
