import type { RawAnswer } from './raw-http.ts';

const HTML = /<!doctype|<html|<body|<pre>/i;
const STACK = /\n\s+at |node_modules|\/dist\/|node:internal|\.[jt]s:\d+/;

/**
 * Checks that an answer contains nothing that no answer may contain, whatever was requested. Returns what is wrong, or
 * undefined.
 */
export function complaintAbout({ status, head, body }: RawAnswer): string | undefined {
  const isHonest503 = status === 503 && /^retry-after: \d+/im.test(head);
  if (status >= 500 && !isHonest503) return `status ${status}`;
  if (/^content-type: *text\/html/im.test(head) || HTML.test(body)) return 'HTML';
  if (STACK.test(body)) return 'a stack trace or a path of the program';
  return undefined;
}

/** The same for the API, where every error must be a problem document. */
export function complaintAboutApi(answer: RawAnswer): string | undefined {
  return complaintAbout(answer) ?? (answer.status >= 400 ? complaintAboutProblem(answer) : undefined);
}

function complaintAboutProblem({ status, head, body }: RawAnswer): string | undefined {
  if (!/^content-type: application\/problem\+json/im.test(head))
    return 'an error that is no problem document';
  if (body === '') return undefined; // the answer to a HEAD
  const problem = JSON.parse(body) as Readonly<Record<string, unknown>>;
  const isComplete = ['type', 'title', 'detail', 'code'].every((name) => typeof problem[name] === 'string');
  return isComplete && problem['status'] === status ? undefined : 'an incomplete problem document';
}
