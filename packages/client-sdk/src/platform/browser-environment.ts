import {
  CLOSE_ANSWER_MS_MAX,
  type Environment,
  type RelaySocket,
  type SocketListener,
  timeAndChance,
} from './environment.ts';

/** Pages, workers, React Native and every platform with a WebSocket of that kind. It cannot stop reading. */
export function browserEnvironment(): Environment {
  return { ...timeAndChance, openSocket, onWake };
}

/** `WebSocket.OPEN`: some platforms lack the constant. */
const OPEN = 1;

function openSocket(url: string, listener: SocketListener): RelaySocket {
  const socket = new WebSocket(url);
  socket.onopen = () => listener.onOpen();
  socket.onmessage = ({ data }: { data: unknown }) => {
    if (typeof data === 'string') listener.onText(data);
  };
  socket.onclose = ({ code }) => listener.onClose(code);
  return {
    send: (text) => {
      if (socket.readyState === OPEN) socket.send(text);
    },
    close: () =>
      new Promise((resolve) => {
        socket.onopen = socket.onmessage = null;
        socket.onclose = () => resolve();
        socket.close();
        timeAndChance.after(CLOSE_ANSWER_MS_MAX, resolve);
      }),
  };
}

/** Outside of pages it may be absent, or lack these methods. */
interface EventSource {
  readonly addEventListener?: (name: string, listener: () => void) => void;
  readonly removeEventListener?: (name: string, listener: () => void) => void;
}

/** Browsers throttle or stop the timers of hidden pages, so a page that is shown or resumed does not wait for them. */
function onWake(listener: () => void): () => void {
  const page = globalThis as EventSource & { readonly document?: EventSource };
  page.addEventListener?.('online', listener);
  for (const event of ['visibilitychange', 'resume']) page.document?.addEventListener?.(event, listener);
  return () => {
    page.removeEventListener?.('online', listener);
    for (const event of ['visibilitychange', 'resume']) page.document?.removeEventListener?.(event, listener);
  };
}
