import { isHostAllowed, isOriginAllowed, type OriginRules } from '@postline/service-runtime';
import cors from 'cors';
import type { RequestHandler } from 'express';
import { sendAnswer } from './answer.ts';
import { problemAnswer } from './problem.ts';

/** How long a browser may remember the answer to a preflight. */
const PREFLIGHT_MAX_AGE_SECONDS = 600;

export interface CrossOriginRules {
  readonly origins: OriginRules;
  /** Names under which the service may be called; left out where any may: then callers have to prove who they are. */
  readonly hosts?: readonly string[] | undefined;
}

const answerCors = cors({
  origin: true, // only those come here that may
  methods: ['GET', 'HEAD', 'POST'],
  allowedHeaders: ['Content-Type', 'Idempotency-Key', 'Authorization'],
  exposedHeaders: ['Idempotent-Replayed', 'Retry-After', 'X-Request-Id'],
  maxAge: PREFLIGHT_MAX_AGE_SECONDS,
  preflightContinue: true,
});

/**
 * Refuses pages that may not use the service, on every route and in the preflight too: without headers alone a
 * browser would still have sent the POST.
 */
export function guardCrossOrigin({ origins, hosts }: CrossOriginRules): RequestHandler {
  return (request, response, next) => {
    const { host, origin } = request.headers;
    if (hosts !== undefined && !isHostAllowed(hosts, host)) {
      const detail = 'This host name is not one of this service. ALLOWED_HOSTS names further ones.';
      sendAnswer(response, problemAnswer({ code: 'forbidden', detail }));
      return;
    }
    if (!isOriginAllowed(origins, origin)) {
      response.setHeader('Vary', 'Origin');
      const detail = 'Pages of this origin may not use this service. ALLOWED_ORIGINS names those that may.';
      sendAnswer(response, problemAnswer({ code: 'forbidden', detail }));
      return;
    }
    answerCors(request, response, () => {
      const isPreflight =
        request.method === 'OPTIONS' && request.headers['access-control-request-method'] !== undefined;
      if (isPreflight) sendAnswer(response, { status: 204, headers: {}, body: '' });
      else next();
    });
  };
}
