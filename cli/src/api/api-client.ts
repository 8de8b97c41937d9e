import { CommandFailure } from '@postline/operator-commands';
import { problemSchema } from '@postline/protocol';
import { networkFault } from '@postline/service-runtime';
import type { z } from 'zod';
import type { ApiConnection } from '../connection-options.ts';

/** Twice the time after which the API itself gives up. */
const ANSWER_MS_MAX = 10_000;

interface ApiRequest {
  readonly method?: 'GET' | 'POST' | 'DELETE';
  /** Without the API's address. The caller encodes ids in it. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly body?: unknown;
}

/** Sends requests to the API, except for publishes. */
export class ApiClient {
  readonly #connection: ApiConnection;

  constructor(connection: ApiConnection) {
    this.#connection = connection;
  }

  /** Sends a request. Rejects with a CommandFailure that has the problem's code. */
  async request<Schema extends z.ZodType>(request: ApiRequest, schema: Schema): Promise<z.output<Schema>> {
    const { url } = this.#connection;
    const response = await this.#fetch(request);
    const body = await bodyOf(response, url);
    if (!response.ok) throw problemFailure(body, response.status, url);
    const parsed = schema.safeParse(body);
    if (!parsed.success) throw unknownAnswer(response.status, url);
    return parsed.data;
  }

  async #fetch({ method = 'GET', path, query = {}, body }: ApiRequest): Promise<Response> {
    const { url, key, token } = this.#connection;
    const bearer = key ?? token;
    const words = Object.entries(query).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, String(value)] as [string, string]],
    );
    const search = words.length === 0 ? '' : `?${new URLSearchParams(words).toString()}`;
    try {
      return await fetch(`${url.replace(/\/+$/, '')}${path}${search}`, {
        method,
        headers: {
          ...(bearer !== undefined && { Authorization: `Bearer ${bearer}` }),
          ...(body !== undefined && { 'Content-Type': 'application/json' }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(ANSWER_MS_MAX),
      });
    } catch (cause) {
      throw unreachable(url, cause);
    }
  }
}

/** The failure if the API can't be reached. */
export function unreachable(url: string, cause: unknown): CommandFailure {
  const why = cause instanceof Error && cause.name === 'TimeoutError' ? 'no answer in time' : reasonOf(cause);
  const message = `the API at ${url} cannot be reached: ${why}; set POSTLINE_API_URL if it is elsewhere`;
  return new CommandFailure(message, { code: 'unreachable', cause });
}

export function reasonOf(cause: unknown): string {
  return networkFault(cause)?.text ?? (cause instanceof Error ? cause.message : String(cause));
}

async function bodyOf(response: Response, url: string): Promise<unknown> {
  try {
    return await response.json();
  } catch {
    throw unknownAnswer(response.status, url);
  }
}

function problemFailure(body: unknown, status: number, url: string): CommandFailure {
  // A newer API may have codes that this program does not know.
  const parsed = problemSchema.pick({ detail: true }).loose().safeParse(body);
  if (!parsed.success || typeof parsed.data['code'] !== 'string') return unknownAnswer(status, url);
  return new CommandFailure(parsed.data.detail, { code: parsed.data['code'] });
}

function unknownAnswer(status: number, url: string): CommandFailure {
  const message = `the answer of ${url} with status ${status} is not from the API`;
  return new CommandFailure(message, { code: 'unknown_answer' });
}
