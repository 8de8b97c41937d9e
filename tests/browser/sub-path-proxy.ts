import { createServer, type IncomingMessage, request as sendRequest, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';

/** A site of which `/push/` is the relay and `/push/api/` the API, both without the prefix; so is `/push`. */
export interface SubPathProxy {
  readonly url: string;
  /** What was asked of the rest of the site. */
  readonly elsewhere: readonly string[];
  /** What was posted to the API, as its path on the site. */
  readonly posted: readonly string[];
  close(): Promise<void>;
}

/** A page of the site's own that uses the client library. */
const SHOP = `<!doctype html><link rel="icon" href="data:,"><script src="/push/client.js"></script><p></p><script>
  const client = new Postline.PostlineClient({ url: '/push/', clientId: 7 });
  client.on('state', ({ state }) => { document.querySelector('p').textContent = state; });
</script>`;

interface Upstreams {
  readonly apiPort: number;
  readonly relayPort: number;
}

interface Way {
  readonly port: number;
  readonly path: string;
}

function wayOf(address: string, { apiPort, relayPort }: Upstreams): Way | undefined {
  if (address.startsWith('/push/api/')) return { port: apiPort, path: address.slice('/push/api'.length) };
  if (address.startsWith('/push/')) return { port: relayPort, path: address.slice('/push'.length) };
  if (/^\/push(\?|$)/.test(address)) return { port: relayPort, path: `/${address.slice('/push'.length)}` };
  return undefined;
}

/** Starts on the port that the services were told of before. */
export async function startSubPathProxy(port: number, upstreams: Upstreams): Promise<SubPathProxy> {
  const elsewhere: string[] = [];
  const posted: string[] = [];
  const server = createServer((request, response) => {
    const address = request.url ?? '';
    const way = wayOf(address, upstreams);
    if (address === '/shop') {
      response.setHeader('Content-Type', 'text/html').end(SHOP);
      return;
    }
    if (way === undefined) elsewhere.push(address);
    if (request.method === 'POST') posted.push(address);
    if (way === undefined) {
      response.writeHead(404).end();
      return;
    }
    const { method, headers } = request;
    const onward = sendRequest({ host: '127.0.0.1', ...way, method, headers }, (answer) => {
      answer.pipe(response.writeHead(answer.statusCode ?? 502, answer.headers));
    });
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  });
  server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    const way = wayOf(request.url ?? '', upstreams);
    if (way === undefined) {
      elsewhere.push(`WebSocket ${String(request.url)}`);
      socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n');
    } else passOn(request, way, socket, head);
  });
  await new Promise<void>((done) => server.listen(port, '127.0.0.1', done));
  const { port: own } = server.address() as AddressInfo;
  return { url: `http://localhost:${own}`, elsewhere, posted, close: () => close(server) };
}

function passOn(request: IncomingMessage, { port, path }: Way, socket: Socket, head: Buffer): void {
  const upstream = connect(port, '127.0.0.1', () => {
    const names = request.rawHeaders.filter((_text, place) => place % 2 === 0);
    const lines = names.map((name, place) => `${name}: ${String(request.rawHeaders[2 * place + 1])}\r\n`);
    upstream.write(`GET ${path} HTTP/1.1\r\n${lines.join('')}\r\n`);
    upstream.write(head);
    socket.pipe(upstream).pipe(socket);
  });
  for (const end of [socket, upstream]) {
    end.on('error', () => undefined);
    end.on('close', () => {
      socket.destroy();
      upstream.destroy();
    });
  }
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
}
