import { type ClientPane, type ClientPaneParts, createClientPane } from './client-pane.ts';
import { pageElement } from './page/page-element.ts';

export interface ClientPanesParts extends Omit<ClientPaneParts, 'clientId' | 'token'> {
  readonly tokenOf: (clientId: string) => string;
}

/** The clients that are side by side on this page. */
export interface ClientPanes {
  /** Shows exactly these clients, and connects those that are not connected. */
  readonly connect: (ids: readonly string[]) => void;
  readonly disconnect: () => void;
  /** The clients that are connected or connecting. */
  readonly activeIds: () => readonly string[];
  /** Whether the client is connected or connecting, with the token that is typed now. */
  readonly isCurrent: (clientId: string) => boolean;
  /** Everything that the clients follow. */
  readonly targets: () => readonly string[];
}

export function createClientPanes(parts: ClientPanesParts): ClientPanes {
  const root = pageElement('panes', HTMLElement);
  let panes: readonly ClientPane[] = [];

  function paneOf(clientId: string): ClientPane {
    const shown = panes.find((pane) => pane.clientId === clientId);
    return shown ?? createClientPane({ ...parts, clientId, token: () => parts.tokenOf(clientId) });
  }

  return {
    connect: (ids) => {
      const next = ids.map(paneOf);
      for (const pane of panes) if (!next.includes(pane)) pane.disconnect();
      panes = next;
      root.dataset['count'] = String(panes.length);
      root.replaceChildren(...panes.map((pane) => pane.root));
      for (const pane of panes) if (!pane.isCurrent()) pane.connect();
    },
    disconnect: () => {
      for (const pane of panes) pane.disconnect();
    },
    activeIds: () => panes.filter((pane) => pane.isActive()).map((pane) => pane.clientId),
    isCurrent: (clientId) => panes.some((pane) => pane.clientId === clientId && pane.isCurrent()),
    targets: () => panes.flatMap((pane) => [...pane.targets()]),
  };
}
