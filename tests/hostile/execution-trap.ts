import type { Page } from '@postline/test-support';

/** What notices that a text did more than to be shown. */
export interface ExecutionTrap {
  /** How often something called the trap, in any frame. */
  readonly calls: () => number;
  /** Requests to anything but this machine. */
  readonly strangeRequests: readonly string[];
}

/**
 * Sets it before the page loads: a function for the payloads to call, in every frame, and an ear for requests. It can't be
 * undone by the page, for it counts outside of it.
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
