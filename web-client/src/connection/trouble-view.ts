import type { ConnectionState } from './connection-state.ts';
import { partOf } from '../page/page-element.ts';

const COUNTDOWN_STEP_MS = 250;
const TRYING_WORDS = 'Trying again…';

/** Shows why there is no connection and when the next attempt starts, with a button that starts it now. */
export function createTroubleView(
  root: HTMLElement,
  onRetryNow: () => void,
): (state: ConnectionState) => void {
  const trouble = partOf(root, 'trouble', HTMLElement);
  const reason = partOf(root, 'trouble-reason', HTMLElement);
  const retry = partOf(root, 'retry-now', HTMLButtonElement);
  const countdown = createCountdown(partOf(root, 'retry-countdown', HTMLElement));

  retry.addEventListener('click', onRetryNow);

  function showReason(text: string): void {
    trouble.hidden = text === '';
    if (text !== '') reason.textContent = text;
  }

  function showRetry(on: boolean): void {
    const hadFocus = document.activeElement === retry;
    retry.hidden = !on;
    // The keyboard focus must not disappear with the button.
    if (hadFocus && !on) partOf(root, 'log', HTMLElement).focus({ preventScroll: true });
  }

  return (state) => {
    if (state.state === 'connecting' && !retry.hidden) {
      countdown.show(0);
      return;
    }
    countdown.show(state.state === 'waiting' ? state.retryInMs : null);
    showReason(state.state === 'waiting' || state.state === 'stopped' ? state.reason : '');
    showRetry(state.state === 'waiting');
  };
}

/** A countdown in seconds; null hides it. */
function createCountdown(element: HTMLElement): { show(milliseconds: number | null): void } {
  let timer: ReturnType<typeof setInterval> | undefined;

  function countTo(endMs: number): void {
    const seconds = Math.max(0, Math.ceil((endMs - performance.now()) / 1_000));
    element.textContent = seconds === 0 ? TRYING_WORDS : `Trying again in ${seconds} s.`;
  }

  return {
    show: (milliseconds) => {
      clearInterval(timer);
      element.hidden = milliseconds === null;
      if (milliseconds === null) return;
      const endMs = performance.now() + milliseconds;
      countTo(endMs);
      if (milliseconds > 0) timer = setInterval(() => countTo(endMs), COUNTDOWN_STEP_MS);
    },
  };
}
