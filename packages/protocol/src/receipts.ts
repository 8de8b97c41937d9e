import { z } from 'zod';

/** Up to where one device of a client has processed a target's log. */
const receiptSchema = z
  .object({
    clientId: z.string(),
    deviceId: z
      .string()
      .nullable()
      .meta({ description: 'Null for connections of the client that named no device.' }),
    offset: z.int().min(0).meta({ description: 'Everything up to here has been processed.' }),
    epoch: z.string().meta({
      description:
        'The epoch that `offset` belongs to; of another one than the log it says nothing about it.',
    }),
    ackedAt: z.iso.datetime().meta({ description: 'When the database got the ack.' }),
  })
  .meta({ id: 'Receipt' });

/** Answer of `GET /targets/:targetId/receipts`; a device that never acked has no receipt. */
export const receiptsSchema = z
  .object({
    targetId: z.string(),
    epoch: z.string(),
    head: z.int().min(0).meta({ description: 'The last offset of the log; 0 for a target nobody wrote to.' }),
    receipts: z.array(receiptSchema),
  })
  .meta({ id: 'Receipts' });
export type Receipts = z.output<typeof receiptsSchema>;
