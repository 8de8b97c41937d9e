/** This close to the end counts as the end, because zooming rounds positions. */
const END_TOLERANCE_PIXELS = 48;

export interface EndFollower {
  /** Runs `addItems`. A reader at the end stays there; one further up sees how many items were added. */
  whileAdding(count: number, addItems: () => void): void;
  /** The list is empty: follow its end again. */
  reset(): void;
}

/** Keeps a reader who is at the end of the messages there, and never moves one who is not. */
export function createEndFollower(scroller: HTMLElement, jump: HTMLButtonElement): EndFollower {
  let unseenCount = 0;
  /** The placeholder of an empty list may be higher than the list; its reader counts as at the end. */
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
