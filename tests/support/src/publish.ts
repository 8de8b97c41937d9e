export interface PublishAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface PublishBody {
  readonly message: string;
  readonly targetId: number | string;
}

/** Publishes by HTTP, as any program would, and returns the answer. */
export async function publish(
  apiUrl: string,
  body: PublishBody,
  idempotencyKey?: string,
): Promise<PublishAnswer> {
  const response = await fetch(apiUrl, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      ...(idempotencyKey === undefined ? {} : { 'Idempotency-Key': idempotencyKey }),
    },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as Readonly<Record<string, unknown>> };
}
