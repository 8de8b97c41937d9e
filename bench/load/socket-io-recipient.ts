import type { RecipientOptions } from './recipient-options.ts';
import { openWebSocket, type WebSocketConnection } from './websocket-connection.ts';

/** Socket.IO's path, with the query that its protocol needs: version 4, and no polling first. */
const PATH = '/socket.io/?EIO=4&transport=websocket';

/** The first digits of its text frames: the type of the engine's packet and, in a message, Socket.IO's own. */
const PACKETS = { open: '0', ping: '2', pong: '3', connect: '40', event: '42' } as const;

/** A minimal Socket.IO client that only receives; resolves when it has joined the rooms of its id and groups. */
export async function connectSocketIoRecipient(options: RecipientOptions): Promise<WebSocketConnection> {
  const {
    system,
    clientId,
    groups = [],
    onIdentified,
    onMessage,
    onMessageBytes,
    takeFrames,
    onFault,
  } = options;
  let joined: (() => void) | undefined;
  const hasJoined = new Promise<void>((resolve) => {
    joined = resolve;
  });
  const opening = openWebSocket(`${system.relayUrl}${PATH}`, {
    ...(takeFrames === undefined ? {} : { takeFrames }),
    ...(onMessageBytes === undefined ? {} : { onTextBytes: onMessageBytes }),
    onText: (text) => {
      if (text.startsWith(PACKETS.event)) onEvent(JSON.parse(text.slice(PACKETS.event.length)) as unknown[]);
      else if (text === PACKETS.ping) answer(PACKETS.pong);
      else if (text.startsWith(PACKETS.connect))
        answer(PACKETS.event + JSON.stringify(['identify', [clientId, ...groups]]));
      else if (text.startsWith(PACKETS.open)) answer(PACKETS.connect);
      else onFault(`${clientId} got ${text}`);
    },
    onClose: (code) => {
      onFault(`the connection of ${clientId} was closed with ${code}`);
    },
  });
  const answer = (text: string): void => void opening.then((socket) => socket.send(text));
  const onEvent = ([name, body]: unknown[]): void => {
    if (name === 'message') onMessage(body as Readonly<Record<string, unknown>>);
    else joined?.();
  };
  await hasJoined;
  onIdentified({ epoch: '', offset: NaN });
  return await opening;
}
