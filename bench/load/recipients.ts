import type { DeliveryLedger } from './delivery-ledger.ts';
import type { SystemUnderLoad } from './load-job.ts';
import type { RecipientOptions } from './recipient-options.ts';
import { connectSocketIoRecipient } from './socket-io-recipient.ts';
import { openWebSocket, type WebSocketConnection } from './websocket-connection.ts';

const HANDSHAKES_AT_ONCE_MAX = 64;

/** Opens a connection for each client. The ledger records what arrives, and each connection that ends before `close`. */
export async function connectRecipients(
  system: SystemUnderLoad,
  clientIds: readonly string[],
  ledger: DeliveryLedger,
): Promise<{ readonly close: () => void }> {
  let closing = false;
  const sockets: WebSocketConnection[] = [];
  await forEachNumber(clientIds.length, HANDSHAKES_AT_ONCE_MAX, async (index) => {
    const socket = await connectRecipient({
      system,
      clientId: clientIds[index] ?? '',
      onIdentified: ({ offset }) => ledger.startStream(index, offset),
      onMessage: (frame) => ledger.deliver(index, frame, performance.now()),
      onFault: (what) => {
        if (!closing) ledger.fault(what);
      },
    });
    sockets.push(socket);
  });
  return {
    close: () => {
      closing = true;
      for (const socket of sockets) socket.close();
    },
  };
}

/** Opens a connection that identifies as its client; resolves when it has identified. */
export function connectRecipient(options: RecipientOptions): Promise<WebSocketConnection> {
  return options.system.protocol === 'socket.io'
    ? connectSocketIoRecipient(options)
    : connectPostlineRecipient(options);
}

async function connectPostlineRecipient(options: RecipientOptions): Promise<WebSocketConnection> {
  const { system, clientId, resume, groups, onMessageBytes, takeFrames, onFault } = options;
  let identified: (() => void) | undefined;
  const isIdentified = new Promise<void>((resolve) => {
    identified = resolve;
  });
  const socket = await openWebSocket(system.relayUrl, {
    ...(takeFrames === undefined ? {} : { takeFrames }),
    ...(onMessageBytes === undefined ? {} : { onTextBytes: onMessageBytes }),
    onText: (text) => {
      const frame = JSON.parse(text) as Readonly<Record<string, unknown>>;
      if (frame['type'] === 'new_message') {
        options.onMessage(frame);
      } else if (frame['type'] === 'identified') {
        const { epoch, targets } = frame as unknown as IdentifiedFrame;
        const missing = groups?.filter((group) => targets[group] === undefined) ?? [];
        if (missing.length > 0) onFault(`${clientId} does not follow ${missing.join(', ')}`);
        options.onIdentified({ epoch, offset: targets[clientId]?.offset ?? NaN });
        identified?.();
      } else if (frame['type'] === 'followed' && options.onFollowed !== undefined) {
        options.onFollowed(String(frame['targetId']));
      } else if (frame['type'] !== 'heartbeat') {
        onFault(`${clientId} got ${text}`);
      }
    },
    onClose: (code) => {
      onFault(`the connection of ${clientId} was closed with ${code}`);
    },
  });
  const offsets = resume === undefined ? undefined : { [clientId]: resume.offset };
  socket.send(
    JSON.stringify({
      type: 'identify',
      clientId,
      // Postline reads the groups of a client from the database; the bare parts need them here.
      ...(groups === undefined ? {} : { groups: true, rooms: system.hasOffsets ? undefined : groups }),
      ...(resume === undefined ? {} : { resume: { epoch: resume.epoch, offsets } }),
    }),
  );
  await isIdentified;
  return socket;
}

interface IdentifiedFrame {
  readonly epoch: string;
  readonly targets: Readonly<Record<string, { readonly offset: number }>>;
}

/** Runs a task for each number below `count`, at most `atOnceMax` at the same time. */
export async function forEachNumber(
  count: number,
  atOnceMax: number,
  task: (number: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const work = async () => {
    while (next < count) {
      next += 1;
      await task(next - 1);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnceMax, count) }, work));
}
