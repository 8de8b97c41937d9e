import type { IncomingMessage } from 'node:http';
import type { Response } from 'express';
import type { HttpAnswer } from '../answers/answer.ts';
import { problemAnswer } from '../answers/problem.ts';

/** One method of one path. */
export interface Route {
  /** GET answers HEAD too. */
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** A pattern of Express, for example `/targets/:targetId/messages`. */
  readonly path: string;
  /** The value of the label `route` in the metrics. */
  readonly label: string;
  /** Returns the answer, or undefined if the route has sent it. */
  readonly answer: (request: IncomingMessage, match: RouteMatch) => Promise<HttpAnswer | undefined>;
}

/** The router's result for a request. */
export interface RouteMatch {
  /** The decoded parts of the path, by their names in the pattern. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: unknown;
  readonly response: Response;
}

/** A route with a fixed path that needs only the request: it is answered without Express. */
export interface HotRoute extends Route {
  readonly answer: (request: IncomingMessage) => Promise<HttpAnswer>;
}

/** The routes of one path, and the answers to all other methods. */
export class PathRoutes<R extends Route> {
  readonly label: string;
  readonly #routes: readonly R[];
  readonly #options: HttpAnswer;
  readonly #notAllowed: HttpAnswer;

  constructor(routes: readonly [R, ...R[]]) {
    const methods = routes.flatMap(({ method }) => (method === 'GET' ? ['GET', 'HEAD'] : [method]));
    const Allow = [...methods, 'OPTIONS'].join(', ');
    const detail = `Allowed methods: ${Allow}. The documentation is at /docs.`;
    this.label = routes[0].label;
    this.#routes = routes;
    this.#options = { status: 204, headers: { Allow }, body: '' };
    this.#notAllowed = problemAnswer({ code: 'method_not_allowed', detail, headers: { Allow } });
  }

  find(method: string | undefined): R | undefined {
    for (const route of this.#routes) {
      if (route.method === method || (method === 'HEAD' && route.method === 'GET')) return route;
    }
    return undefined;
  }

  /** Answers a method without a route: OPTIONS with `Allow`, any other with 405. */
  answerOther(method: string | undefined): HttpAnswer {
    return method === 'OPTIONS' ? this.#options : this.#notAllowed;
  }
}

export function groupByPath<R extends Route>(routes: readonly R[]): ReadonlyMap<string, PathRoutes<R>> {
  const byPath = new Map<string, [R, ...R[]]>();
  for (const route of routes) {
    const others = byPath.get(route.path);
    if (others === undefined) byPath.set(route.path, [route]);
    else others.push(route);
  }
  return new Map([...byPath].map(([path, ofPath]) => [path, new PathRoutes(ofPath)]));
}
