import type { Page } from '@postline/test-support';

/** Notices when a text does more than to be displayed. */
export interface ExecutionTrap {
  /** How often something called the trap, in any frame. */
  readonly calls: () => number;
  /** Requests to any other machine. */
  readonly strangeRequests: readonly string[];
}

/**
 * Sets the trap before the page loads: a function that the payloads call, in every frame, and a watch on requests. The
 * page can't undo it, because it counts outside of the page.
 */
export async function setTrap(page: Page): Promise<ExecutionTrap> {
  let calls = 0;
  const strangeRequests: string[] = [];
  await page.exposeFunction('trap', () => {
    calls += 1;
  });
  page.on('request', (request) => {
    const { protocol, hostname } = new URL(request.url());
    const isOwn = /^(file|data|blob|about):$/.test(protocol) || /^(127\.0\.0\.1|localhost)$/.test(hostname);
    if (!isOwn) strangeRequests.push(request.url());
  });
  return { calls: () => calls, strangeRequests };
}
