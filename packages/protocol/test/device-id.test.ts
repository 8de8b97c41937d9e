import { expect, it } from 'vitest';
import { deviceIdSchema } from '../src/device-id.ts';
import { isDeviceId } from '../src/index.ts';

it.each(['a', '7', '-', '_', '.', 'Kiosk_7.left-hand', 'x'.repeat(64)])('[ACK-4] %j is a device id', (id) => {
  expect(isDeviceId(id)).toBe(true);
  expect(deviceIdSchema.parse(id)).toBe(id);
});

it.each(['', ' ', 'a b', 'a ', 'a\n', 'é', 'a:b', 'a@b', 'x'.repeat(65)])('[ACK-4] %j is none', (id) => {
  expect(isDeviceId(id)).toBe(false);
  expect(deviceIdSchema.safeParse(id).success).toBe(false);
});
