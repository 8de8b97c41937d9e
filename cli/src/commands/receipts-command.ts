import { createCommand } from '@postline/operator-commands';
import { type Receipts, receiptsSchema } from '@postline/protocol';
import type { Command } from 'commander';
import { ApiClient } from '../api/api-client.ts';
import { addApiOptions, apiConnection, type ApiOptions } from '../connection-options.ts';
import { type Column, Output } from '../output/output.ts';

type Receipt = Receipts['receipts'][number] & Pick<Receipts, 'head'>;

const COLUMNS: readonly Column<Receipt>[] = [
  { title: 'CLIENT', text: ({ clientId }) => clientId, style: 'cyan' },
  { title: 'DEVICE', text: ({ deviceId }) => deviceId ?? '-' },
  { title: 'PROCESSED', text: ({ offset, head }) => `${offset} of ${head}` },
  { title: 'ACKED AT', text: ({ ackedAt }) => ackedAt, style: 'dim' },
];

/** `receipts <targetId>`: prints how far each device has processed the messages. */
export function createReceiptsCommand(): Command {
  const command = createCommand('receipts')
    .description('Prints how far each device has processed the messages of a client or a group.')
    .argument('<targetId>', 'a client id, or group:<name>');
  addApiOptions(command).action(async (targetId: string, options: ApiOptions) => {
    const api = new ApiClient(apiConnection(options, process.env));
    const output = new Output(options);
    const path = `/targets/${encodeURIComponent(targetId)}/receipts`;
    const { head, receipts } = await output.progress.during(
      () => ({ what: 'receipts' }),
      () => api.request({ path }, receiptsSchema),
    );
    await output.print(
      receipts.map((receipt) => ({ targetId, head, ...receipt })),
      COLUMNS,
    );
  });
  return command;
}
