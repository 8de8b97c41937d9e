const NAME = 'Postline';

export interface PageTitle {
  showClient(id: string): void;
  /** Counts a message in the title while the tab is in the background. */
  countMessage(): void;
}

/** The tab's title: the client, and how many messages arrived while the tab was in the background. */
export function createPageTitle(): PageTitle {
  let clientId = '';
  let unseenCount = 0;

  function show(): void {
    const client = clientId === '' ? NAME : `client ${clientId} · ${NAME}`;
    document.title = unseenCount === 0 ? client : `(${unseenCount}) ${client}`;
  }

  document.addEventListener('visibilitychange', () => {
    if (document.hidden) return;
    unseenCount = 0;
    show();
  });
  return {
    showClient: (id) => {
      clientId = id;
      show();
    },
    countMessage: () => {
      if (!document.hidden) return;
      unseenCount += 1;
      show();
    },
  };
}
