import { createCommand } from '@postline/operator-commands';
import { type Disconnected, disconnectedSchema } from '@postline/protocol';
import type { Command } from 'commander';
import { ApiClient } from '../api/api-client.ts';
import { addApiOptions, apiConnection, type ApiOptions } from '../connection-options.ts';
import { type Column, Output } from '../output/output.ts';

interface DisconnectOptions extends ApiOptions {
  readonly revoke?: true;
}

const COLUMNS: readonly Column<Disconnected>[] = [
  { title: 'CLIENT', text: ({ clientId }) => clientId, style: 'cyan' },
  { title: 'STATUS', text: ({ status }) => status },
  { title: 'TOKENS REFUSED UP TO', text: ({ tokensRefusedUpTo }) => tokensRefusedUpTo ?? '-', style: 'dim' },
];

/** `disconnect <clientId>`: closes the connections of a client on every relay. */
export function createDisconnectCommand(): Command {
  const command = createCommand('disconnect')
    .description('Closes all connections of a client, on every relay.')
    .argument('<clientId>', 'the client')
    .option('--revoke', 'refuse all tokens of the client that were issued until now');
  return addApiOptions(command).action(async (clientId: string, options: DisconnectOptions) => {
    const api = new ApiClient(apiConnection(options, process.env));
    const output = new Output(options);
    const answer = await output.progress.during(
      () => ({ what: 'disconnecting' }),
      () =>
        api.request(
          {
            method: 'DELETE',
            path: `/clients/${encodeURIComponent(clientId)}/connections`,
            query: { refuseTokensIssuedBefore: options.revoke === true ? 'now' : undefined },
          },
          disconnectedSchema,
        ),
    );
    await output.print([answer], COLUMNS);
  });
}
