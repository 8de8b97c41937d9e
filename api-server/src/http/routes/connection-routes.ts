import { type Disconnected, disconnectQuerySchema, isGroupId, targetIdFault } from '@postline/protocol';
import type { AccessControl } from '../../access/access-control.ts';
import type { DisconnectClient } from '../../upkeep/disconnect-client.ts';
import { type HttpAnswer, jsonAnswer } from '../answers/answer.ts';
import { DATABASE_LATE, invalid, parseWith, problemAnswer } from '../answers/problem.ts';
import type { Route, RouteMatch } from './route.ts';

const PATH = '/clients/:clientId/connections';

export interface ConnectionRoutesOptions {
  readonly disconnectClient: DisconnectClient;
  readonly access: Pick<AccessControl, 'refuse'>;
}

/** `DELETE /clients/:clientId/connections`: closes a client's sockets on every relay. */
export function createConnectionRoutes(options: ConnectionRoutesOptions): readonly Route[] {
  const { access, disconnectClient } = options;
  return [
    {
      method: 'DELETE',
      path: PATH,
      label: PATH,
      answer: async (request, { params: { clientId = '' }, query }) => {
        const refusal = access.refuse(request, 'manage', clientId);
        if (refusal !== undefined) return problemAnswer(refusal);
        return await answerDisconnect(disconnectClient, clientId, query);
      },
    },
  ];
}

async function answerDisconnect(
  disconnectClient: DisconnectClient,
  clientId: string,
  query: RouteMatch['query'],
): Promise<HttpAnswer> {
  const fault = isGroupId(clientId) ? 'must be a client, not a group' : targetIdFault(clientId);
  if (fault !== undefined) return problemAnswer(invalid('clientId', fault));
  const parsed = parseWith(disconnectQuerySchema, query);
  if (!parsed.ok) return problemAnswer(parsed.refusal);
  const refuseTokens = parsed.value.refuseTokensIssuedBefore !== undefined;
  const outcome = await disconnectClient({ clientId, refuseTokens });
  if (outcome.kind === 'store-unavailable') return problemAnswer(DATABASE_LATE);
  const { tokensRefusedUpTo, status } = outcome;
  const body: Disconnected = {
    clientId,
    tokensRefusedUpTo: tokensRefusedUpTo === undefined ? null : new Date(tokensRefusedUpTo).toISOString(),
    status,
  };
  return jsonAnswer(200, body);
}
