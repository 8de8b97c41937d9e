import type { Request, RequestHandler, Response } from 'express';
import type { ApiMetrics } from '../api-metrics.ts';

const KNOWN_METHODS: ReadonlySet<string> = new Set([
  'GET',
  'HEAD',
  'POST',
  'OPTIONS',
  'PUT',
  'PATCH',
  'DELETE',
]);

/** Counts and times each request by route and status. Labels are the routes' patterns, never what was asked for. */
export function measureRequests(metrics: ApiMetrics): RequestHandler {
  return (request, response, next) => {
    const start = performance.now();
    response.once('close', () => {
      const route = routeOf(request);
      const method = KNOWN_METHODS.has(request.method) ? request.method : 'other';
      metrics.requests.inc({ route, method, code: codeOf(response) });
      metrics.requestSeconds.observe({ route }, (performance.now() - start) / 1_000);
    });
    next();
  };
}

function routeOf(request: Request): string {
  const route = request.route as unknown;
  if (typeof route !== 'object' || route === null || !('path' in route)) return 'none';
  return [route.path].flat().map(String).join(' ');
}

function codeOf(response: Response): string {
  return response.writableFinished ? String(response.statusCode) : 'cut_off';
}
