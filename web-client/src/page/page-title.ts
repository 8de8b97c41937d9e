const NAME = 'Postline';

export interface PageTitle {
  showClient(id: string): void;
  /** A message came: counted in the title while nobody looks. */
  countMessage(): void;
}

/** The tab's title: whose page it is, and how many messages came while it was in the background. */
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
