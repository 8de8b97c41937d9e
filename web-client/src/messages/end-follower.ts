import { pageElement } from '../page/page-element.ts';

/** So near to the end counts as being at the end, whatever the zoom rounds it to. */
const END_TOLERANCE_PIXELS = 48;

export interface EndFollower {
  /** Runs what adds items: a reader at the end stays there, one who reads further up is told how many came. */
  whileAdding(count: number, addItems: () => void): void;
  /** The list is empty: what comes next is followed. */
  reset(): void;
}

/** Keeps a reader at the end of the messages who is there already, and never moves one who is not. */
export function createEndFollower(scroller: HTMLElement): EndFollower {
  const jump = pageElement('jump-to-newest', HTMLButtonElement);
  let unseenCount = 0;
  /** What stands in an empty list may be longer than the list is high: whoever reads it is at the end all the same. */
  let startsOver = true;

  const isAtEnd = () =>
    scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight <= END_TOLERANCE_PIXELS;
  const goToEnd = () => {
    scroller.scrollTop = scroller.scrollHeight;
  };

  function showUnseen(count: number): void {
    unseenCount = count;
    jump.hidden = count === 0;
    jump.textContent = count === 1 ? '1 new message' : `${count} new messages`;
  }

  scroller.addEventListener('scroll', () => {
    if (unseenCount > 0 && isAtEnd()) showUnseen(0);
  });
  jump.addEventListener('click', () => {
    goToEnd();
    showUnseen(0);
    scroller.focus({ preventScroll: true });
  });

  return {
    whileAdding: (count, addItems) => {
      const wasAtEnd = startsOver || isAtEnd();
      startsOver = false;
      addItems();
      if (wasAtEnd) goToEnd();
      else showUnseen(unseenCount + count);
    },
    reset: () => {
      startsOver = true;
      showUnseen(0);
    },
  };
}
