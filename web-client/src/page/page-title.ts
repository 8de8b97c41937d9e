const NAME = 'Postline';

export interface PageTitle {
  showClients(ids: readonly string[]): void;
  /** Counts a message in the title while the tab is in the background. */
  countMessage(): void;
}

/** The tab's title: the clients, and how many messages arrived while the tab was in the background. */
export function createPageTitle(): PageTitle {
  let clients = NAME;
  let unseenCount = 0;

  function show(): void {
    document.title = unseenCount === 0 ? clients : `(${unseenCount}) ${clients}`;
  }

  document.addEventListener('visibilitychange', () => {
    if (document.hidden) return;
    unseenCount = 0;
    show();
  });
  return {
    showClients: (ids) => {
      clients = `${ids.length === 1 ? 'client' : 'clients'} ${ids.join(', ')} · ${NAME}`;
      show();
    },
    countMessage: () => {
      if (!document.hidden) return;
      unseenCount += 1;
      show();
    },
  };
}
