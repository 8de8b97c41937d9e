import { createServer, request as sendRequest } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface AbsoluteFormProxy {
  /** `http://127.0.0.1:port` */
  readonly url: string;
  close(): Promise<void>;
}

/** Passes requests on as a proxy may: with the whole address in the first line, so that they go the long way. */
export async function startAbsoluteFormProxy(apiPort: number): Promise<AbsoluteFormProxy> {
  const proxy = createServer((incoming, outgoing) => {
    const { method, rawHeaders: headers, url: path } = incoming;
    const onward = sendRequest(
      { host: '127.0.0.1', port: apiPort, method, path: `http://127.0.0.1${path ?? ''}`, headers },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 0, answer.rawHeaders);
        answer.pipe(outgoing);
      },
    );
    onward.on('error', () => outgoing.destroy());
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => {
    proxy.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        proxy.close(() => {
          resolve();
        });
        proxy.closeAllConnections();
      }),
  };
}
