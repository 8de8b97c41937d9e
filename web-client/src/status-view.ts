import { pageElement } from './page-element.ts';
import type { ConnectionState } from './relay-connection.ts';

const COUNTDOWN_STEP_MS = 250;

export interface StatusView {
  show(state: ConnectionState): void;
}

/** The connection's state in colour, shape and words. Only the words are read out, and only when they change. */
export function createStatusView(onRetryNow: () => void): StatusView {
  const status = pageElement('status', HTMLElement);
  const icon = pageElement('status-icon', SVGUseElement);
  const text = pageElement('status-text', HTMLElement);
  const trouble = pageElement('trouble', HTMLElement);
  const reason = pageElement('trouble-reason', HTMLElement);
  const countdown = pageElement('retry-countdown', HTMLElement);
  const retry = pageElement('retry-now', HTMLButtonElement);
  let countdownTimer: ReturnType<typeof setInterval> | undefined;

  retry.addEventListener('click', onRetryNow);

  function countDown(milliseconds: number): void {
    const endMs = performance.now() + milliseconds;
    const step = () => {
      const seconds = Math.max(0, Math.ceil((endMs - performance.now()) / 1_000));
      countdown.textContent = seconds === 0 ? 'Trying again…' : `Trying again in ${seconds} s.`;
    };
    step();
    countdownTimer = setInterval(step, COUNTDOWN_STEP_MS);
  }

  /** Between two tries the words stay as they are, so that they are not read out again for each. */
  function isStillLost({ state }: ConnectionState): boolean {
    return state === 'connecting' && status.dataset['state'] === 'waiting';
  }

  function showState(state: ConnectionState): void {
    status.dataset['state'] = state.state;
    icon.setAttribute('href', `#icon-${state.state}`);
    if (text.textContent !== statusWords(state)) text.textContent = statusWords(state);
  }

  function showTrouble(state: ConnectionState): void {
    const isWaiting = state.state === 'waiting';
    const retryHadFocus = document.activeElement === retry;
    trouble.hidden = !isWaiting && state.state !== 'stopped';
    countdown.hidden = !isWaiting;
    retry.hidden = !isWaiting;
    // A button that goes away must not take the keyboard's place with it.
    if (retryHadFocus && !isWaiting) pageElement('messages', HTMLElement).focus({ preventScroll: true });
    if (isWaiting || state.state === 'stopped') reason.textContent = state.reason;
    if (isWaiting) countDown(state.retryInMs);
  }

  return {
    show: (state) => {
      clearInterval(countdownTimer);
      if (isStillLost(state)) {
        countdown.textContent = 'Trying again…';
        return;
      }
      showState(state);
      showTrouble(state);
    },
  };
}

function statusWords(state: ConnectionState): string {
  switch (state.state) {
    case 'idle':
      return 'Not connected';
    case 'connecting':
      return `Connecting as ${state.clientId}…`;
    case 'connected':
      return `Connected as ${state.clientId}`;
    case 'waiting':
      return 'Connection lost';
    case 'stopped':
      return 'Connection refused';
  }
}
