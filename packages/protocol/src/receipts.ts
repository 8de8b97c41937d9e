import { z } from 'zod';

/** How far one device of a client has processed a target's log. */
const receiptSchema = z
  .object({
    clientId: z.string(),
    deviceId: z
      .string()
      .nullable()
      .meta({ description: 'Null for connections of the client without a device id.' }),
    offset: z.int().min(0).meta({ description: 'Everything up to this offset was processed.' }),
    epoch: z.string().meta({
      description: 'The epoch of `offset`; if the log has another one, the offset does not apply to it.',
    }),
    ackedAt: z.iso.datetime().meta({ description: 'When the ack was stored.' }),
  })
  .meta({ id: 'Receipt' });

/** Answer of `GET /targets/:targetId/receipts`; a device that never acked has no receipt. */
export const receiptsSchema = z
  .object({
    targetId: z.string(),
    epoch: z.string(),
    head: z
      .int()
      .min(0)
      .meta({ description: 'The last offset of the log; 0 for a target without messages.' }),
    receipts: z.array(receiptSchema),
  })
  .meta({ id: 'Receipts' });
export type Receipts = z.output<typeof receiptsSchema>;
