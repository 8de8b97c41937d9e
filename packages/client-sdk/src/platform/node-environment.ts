import { WebSocket } from 'ws';
import {
  CLOSE_ANSWER_MS_MAX,
  type Environment,
  type RelaySocket,
  type SocketListener,
  timeAndChance,
} from './environment.ts';

/** A frame holds one message: 65,535 bytes, six times that if every character is escaped. */
const FRAME_BYTES_MAX = 1024 * 1024;

/** Node. Uses ws even where a WebSocket is built in, because ws can stop reading. */
export const nodeEnvironment: Environment = {
  ...timeAndChance,
  openSocket,
  onWake: () => () => undefined,
};

function openSocket(url: string, listener: SocketListener): RelaySocket {
  const socket = new WebSocket(url, { perMessageDeflate: false, maxPayload: FRAME_BYTES_MAX });
  let isActive = true;
  let failure: Error | undefined;
  socket.on('open', () => {
    if (isActive) listener.onOpen();
  });
  socket.on('message', (data: Buffer, isBinary) => {
    if (isActive && !isBinary) listener.onText(data.toString('utf8'));
  });
  socket.on('close', (code) => {
    if (isActive) listener.onClose(code, failure);
  });
  socket.on('error', (error) => {
    failure = error; // the close event follows
  });
  return {
    send: (text) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(text);
    },
    close: () =>
      new Promise((resolve) => {
        isActive = false;
        if (socket.readyState === WebSocket.CLOSED) return resolve();
        socket.on('close', () => resolve());
        socket.resume();
        socket.close();
        setTimeout(() => socket.terminate(), CLOSE_ANSWER_MS_MAX).unref();
      }),
    pause: () => socket.pause(),
    resume: () => socket.resume(),
  };
}
