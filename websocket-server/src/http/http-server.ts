import { createServer, type RequestListener, type Server } from 'node:http';
import { HTTP_SERVER_OPTIONS } from '@postline/service-runtime';
import type { RelaySettings } from '../configuration.ts';

/** The server on the relay's port. Who is slow with his headers is given up, and how many may be is bounded. */
export function createHttpServer(settings: RelaySettings, onRequest: RequestListener): Server {
  const { headersTimeoutMs, headersBytesMax, connectionsMax, connectionsAwaitingIdentifyMax } = settings;
  const { requestTimeout, connectionsCheckingInterval } = HTTP_SERVER_OPTIONS;
  const server = createServer(
    {
      ...HTTP_SERVER_OPTIONS,
      maxHeaderSize: headersBytesMax,
      headersTimeout: headersTimeoutMs,
      requestTimeout: Math.max(requestTimeout, headersTimeoutMs),
      connectionsCheckingInterval: Math.min(connectionsCheckingInterval, headersTimeoutMs),
    },
    onRequest,
  );
  // Beside those that are open: as many that are still sending their headers as may wait to identify.
  server.maxConnections = connectionsMax + connectionsAwaitingIdentifyMax;
  return server;
}
