import { type Disconnected, disconnectQuerySchema, isGroupId, targetIdFault } from '@postline/protocol';
import { Router } from 'express';
import type { DisconnectClient } from '../../upkeep/disconnect-client.ts';
import type { AccessControl } from '../../access/access-control.ts';
import { allowOnly } from './allow-only.ts';
import { type HttpAnswer, jsonAnswer, sendAnswer } from '../answers/answer.ts';
import { invalid, parseWith, problemAnswer, STORE_UNAVAILABLE } from '../answers/problem.ts';

const PATH = '/clients/:clientId/connections';

/** `DELETE /clients/:clientId/connections`: closes a client's sockets on every relay. */
export function createConnectionRoutes(
  disconnectClient: DisconnectClient,
  access: Pick<AccessControl, 'refuse'>,
): Router {
  const router = Router({ caseSensitive: true, strict: true });
  router.delete(PATH, async (request, response) => {
    const { clientId } = request.params;
    const refusal = access.refuse(request, 'manage', clientId);
    const answer =
      refusal === undefined
        ? await answerDisconnect(disconnectClient, clientId, request.query)
        : problemAnswer(refusal);
    sendAnswer(response, answer);
  });
  router.all(PATH, allowOnly('DELETE'));
  return router;
}

async function answerDisconnect(
  disconnectClient: DisconnectClient,
  clientId: string,
  query: unknown,
): Promise<HttpAnswer> {
  const fault = isGroupId(clientId) ? 'must be a client, not a group' : targetIdFault(clientId);
  if (fault !== undefined) return problemAnswer(invalid('clientId', fault));
  const parsed = parseWith(disconnectQuerySchema, query);
  if (!parsed.ok) return problemAnswer(parsed.refusal);
  const refuseTokens = parsed.value.refuseTokensIssuedBefore !== undefined;
  const outcome = await disconnectClient({ clientId, refuseTokens });
  if (outcome.kind === 'store-unavailable') {
    return problemAnswer({ ...STORE_UNAVAILABLE, detail: 'The database did not answer in time: try again.' });
  }
  const { tokensRefusedUpTo, status } = outcome;
  const body: Disconnected = {
    clientId,
    tokensRefusedUpTo: tokensRefusedUpTo === undefined ? null : new Date(tokensRefusedUpTo).toISOString(),
    status,
  };
  return jsonAnswer(200, body);
}
