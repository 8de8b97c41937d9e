import { z } from 'zod';
import { DEVICE_ID_CHARACTERS_MAX } from './limits.ts';

const DEVICE_ID_PATTERN = new RegExp(`^[A-Za-z0-9._-]{1,${DEVICE_ID_CHARACTERS_MAX}}$`);

/** The id of one device of a client. The acks of each device are stored separately. */
export const deviceIdSchema = z.string().regex(DEVICE_ID_PATTERN);

/** True for a string that is a well-formed device id. */
export function isDeviceId(value: string): boolean {
  return DEVICE_ID_PATTERN.test(value);
}
