import { z } from 'zod';
import { publishStatusSchema } from './publish.ts';

/** Query of `DELETE /clients/:clientId/connections`. */
export const disconnectQuerySchema = z.object({
  refuseTokensIssuedBefore: z.literal('now', { error: 'must be now' }).optional().meta({
    description: '`now`: refuses all tokens of this client that were issued until now.',
  }),
});

/** Answer to it. */
export const disconnectedSchema = z
  .object({
    clientId: z.string().meta({ example: '1' }),
    tokensRefusedUpTo: z.iso.datetime().nullable().meta({
      description:
        'Tokens with an `iat` up to this time are refused, because of this request or an earlier one; null: none are.',
      example: '2026-11-23T00:00:00.000Z',
    }),
    status: publishStatusSchema,
  })
  .meta({ id: 'Disconnected' });
export type Disconnected = z.output<typeof disconnectedSchema>;
