import { openWebSocket, type WebSocketConnection } from './websocket-connection.ts';

/** The epoch and the offset that an `identified` frame tells for one target. */
export interface StreamStart {
  readonly epoch: string;
  readonly offset: number;
}

export interface RecipientOptions {
  readonly relayUrl: string;
  readonly clientId: string;
  readonly resume?: { readonly epoch: string; readonly offset: number };
  readonly onIdentified: (start: StreamStart) => void;
  readonly onMessage: (frame: Readonly<Record<string, unknown>>) => void;
  /** Told of a close, or of a frame that no run that counts may have. */
  readonly onFault: (what: string) => void;
}

/** One connection that identifies as its client; resolves once that was answered. */
export async function connectRecipient(options: RecipientOptions): Promise<WebSocketConnection> {
  const { relayUrl, clientId, resume, onIdentified, onMessage, onFault } = options;
  let identified: (() => void) | undefined;
  const isIdentified = new Promise<void>((resolve) => {
    identified = resolve;
  });
  const socket = await openWebSocket(relayUrl, {
    onText: (text) => {
      const frame = JSON.parse(text) as Readonly<Record<string, unknown>>;
      if (frame['type'] === 'new_message') {
        onMessage(frame);
      } else if (frame['type'] === 'identified') {
        const { epoch, targets } = frame as unknown as IdentifiedFrame;
        onIdentified({ epoch, offset: targets[clientId]?.offset ?? NaN });
        identified?.();
      } else if (frame['type'] !== 'heartbeat') {
        onFault(`${clientId} was given ${text}`);
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
