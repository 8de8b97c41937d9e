import { type Environment, type RelaySocket, type SocketListener, timeAndChance } from './environment.ts';

/** A page or a worker: its WebSocket can't stop reading. */
export const browserEnvironment: Environment = { ...timeAndChance, openSocket, onWake };

function openSocket(url: string, listener: SocketListener): RelaySocket {
  const socket = new WebSocket(url);
  let isHeard = true;
  socket.onopen = () => {
    if (isHeard) listener.onOpen();
  };
  socket.onmessage = ({ data }: MessageEvent<unknown>) => {
    if (isHeard && typeof data === 'string') listener.onText(data);
  };
  socket.onclose = ({ code }) => {
    if (isHeard) listener.onClose(code);
  };
  return {
    send: (text) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(text);
    },
    close: () => {
      isHeard = false;
      socket.close();
    },
  };
}

/** Timers of hidden pages are throttled: one that is shown again doesn't wait for them. A worker has no document. */
function onWake(listener: () => void): () => void {
  const controller = new AbortController();
  const { document } = globalThis as { document?: Document };
  globalThis.addEventListener('online', listener, controller);
  document?.addEventListener('visibilitychange', listener, controller);
  return () => controller.abort();
}
