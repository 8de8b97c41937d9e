import type { IncomingMessage, ServerResponse } from 'node:http';

const asked = new WeakMap<IncomingMessage, ServerResponse>();

/** Remembers a client that asked whether to send its body (`Expect: 100-continue`): it is not told to for nothing. */
export function holdContinue(request: IncomingMessage, response: ServerResponse): void {
  asked.set(request, response);
}

/** Tells such a client to send its body; for others nothing happens. */
export function sendContinue(request: IncomingMessage): void {
  if (request.headers.expect === undefined) return;
  const response = asked.get(request);
  asked.delete(request);
  response?.writeContinue();
}
