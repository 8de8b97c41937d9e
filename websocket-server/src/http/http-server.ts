import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { HTTP_SERVER_OPTIONS, ignoreForeignUpgrades } from '@postline/service-runtime';
import type { RelaySettings } from '../configuration.ts';
import { isWebSocketUpgrade } from '../socket/web-socket-upgrade.ts';

/** The server on the relay's port. Who is slow with his headers is given up, and how many may be is bounded. */
export function createHttpServer(settings: RelaySettings, onRequest: RequestListener): Server {
  const { headersTimeoutMs, headersBytesMax, connectionsMax, connectionsAwaitingIdentifyMax } = settings;
  const { requestTimeout, connectionsCheckingInterval } = HTTP_SERVER_OPTIONS;
  const openResponses = new WeakMap<Duplex, ServerResponse>();
  const onIncoming: RequestListener = (request, response) => {
    const { socket } = request;
    openResponses.set(socket, response);
    response.on('close', () => {
      if (openResponses.get(socket) === response) openResponses.delete(socket);
    });
    onRequest(request, response);
  };
  const server = createServer(
    {
      ...HTTP_SERVER_OPTIONS,
      maxHeaderSize: headersBytesMax,
      requireHostHeader: false, // probes come without one; other requests are refused by the application
      headersTimeout: headersTimeoutMs,
      requestTimeout: Math.max(requestTimeout, headersTimeoutMs),
      connectionsCheckingInterval: Math.min(connectionsCheckingInterval, headersTimeoutMs),
    },
    onIncoming,
  );
  ignoreForeignUpgrades(server, {
    findOpenResponse: (socket) => openResponses.get(socket),
    isForeign: (request) => !isWebSocketUpgrade(request),
  });
  // Beside those that are open: as many that are still sending their headers as may wait to identify.
  server.maxConnections = connectionsMax + connectionsAwaitingIdentifyMax;
  return server;
}
