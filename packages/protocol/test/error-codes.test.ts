import { describe, expect, it } from 'vitest';
import { FRAME_ERRORS, HTTP_ERRORS, problemSchema } from '../src/index.ts';

describe('error codes', () => {
  it('[PUB-10] are the table of the contract', () => {
    const rows = Object.entries(HTTP_ERRORS).map(
      ([code, { status, retryable }]) => `${code} ${status}${retryable ? ' retryable' : ''}`,
    );
    expect(rows).toMatchInlineSnapshot(`
      [
        "malformed_json 400",
        "validation_failed 400",
        "unauthorized 401",
        "forbidden 403",
        "not_found 404",
        "method_not_allowed 405",
        "too_many_groups 409",
        "payload_too_large 413",
        "unsupported_media_type 415",
        "idempotency_key_reused 422",
        "rate_limited 429 retryable",
        "internal_error 500 retryable",
        "overloaded 503 retryable",
        "store_unavailable 503 retryable",
      ]
    `);
  });

  it('[PUB-10] a problem carries one of them', () => {
    const problem = {
      type: 'problems/malformed_json',
      title: 'x',
      status: 400,
      detail: 'x',
      code: 'malformed_json',
    };
    expect(problemSchema.safeParse(problem).success).toBe(true);
    expect(problemSchema.safeParse({ ...problem, code: 'toString' }).success).toBe(false);
  });

  it('error frames have a code and a sentence', () => {
    for (const [code, sentence] of Object.entries(FRAME_ERRORS)) {
      expect(code).toMatch(/^[a-z_]+$/);
      expect(sentence.length).toBeGreaterThan(10);
      expect(Buffer.byteLength(sentence), 'the reason of a close').toBeLessThanOrEqual(123);
    }
  });
});
