import {
  CLOSE_ANSWER_MS_MAX,
  type Environment,
  type RelaySocket,
  type SocketListener,
  timeAndChance,
} from './environment.ts';

/** A page, a worker, React Native, or what else has a WebSocket like theirs: it can't stop reading. */
export const browserEnvironment: Environment = { ...timeAndChance, openSocket, onWake };

/** `WebSocket.OPEN`, which not every platform has as a constant. */
const OPEN = 1;

function openSocket(url: string, listener: SocketListener): RelaySocket {
  const socket = new WebSocket(url);
  let isHeard = true;
  socket.onopen = () => {
    if (isHeard) listener.onOpen();
  };
  socket.onmessage = ({ data }: { data: unknown }) => {
    if (isHeard && typeof data === 'string') listener.onText(data);
  };
  socket.onclose = ({ code }) => {
    if (isHeard) listener.onClose(code);
  };
  return {
    send: (text) => {
      if (socket.readyState === OPEN) socket.send(text);
    },
    close: () =>
      new Promise((resolve) => {
        isHeard = false;
        socket.onclose = () => resolve();
        socket.close();
        timeAndChance.after(CLOSE_ANSWER_MS_MAX, resolve);
      }),
  };
}

/** Whatever tells of events. Outside of pages there may be none, or one that only looks like it. */
interface EventSource {
  readonly addEventListener?: (name: string, listener: () => void) => void;
  readonly removeEventListener?: (name: string, listener: () => void) => void;
}

/** Timers of hidden pages are throttled: one that is shown again doesn't wait for them. */
function onWake(listener: () => void): () => void {
  const page = globalThis as EventSource & { readonly document?: EventSource };
  page.addEventListener?.('online', listener);
  page.document?.addEventListener?.('visibilitychange', listener);
  return () => {
    page.removeEventListener?.('online', listener);
    page.document?.removeEventListener?.('visibilitychange', listener);
  };
}
