import { WebSocket } from 'ws';
import { type Environment, type RelaySocket, type SocketListener, timeAndChance } from './environment.ts';

/** A relay that doesn't answer the close frame within this time is not waited for. */
const CLOSE_ANSWER_MS = 1_000;

/** Frames of the relay hold one message: 65,535 bytes, at most six times that when escaped. */
const FRAME_BYTES_MAX = 1024 * 1024;

/** Node: always ws, also where there is a WebSocket built in, because ws can stop reading. */
export const nodeEnvironment: Environment = {
  ...timeAndChance,
  openSocket,
  onWake: () => () => undefined,
};

function openSocket(url: string, listener: SocketListener): RelaySocket {
  const socket = new WebSocket(url, { perMessageDeflate: false, maxPayload: FRAME_BYTES_MAX });
  let isHeard = true;
  socket.on('open', () => {
    if (isHeard) listener.onOpen();
  });
  socket.on('message', (data: Buffer, isBinary) => {
    if (isHeard && !isBinary) listener.onText(data.toString('utf8'));
  });
  socket.on('close', (code) => {
    if (isHeard) listener.onClose(code);
  });
  socket.on('error', () => undefined); // the close event follows, and says as much
  return {
    send: (text) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(text);
    },
    close: () => {
      isHeard = false;
      socket.resume();
      socket.close();
      setTimeout(() => socket.terminate(), CLOSE_ANSWER_MS).unref();
    },
    pause: () => socket.pause(),
    resume: () => socket.resume(),
  };
}
