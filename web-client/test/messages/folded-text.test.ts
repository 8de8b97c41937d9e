import { expect, it } from 'vitest';
import { isLongText } from '../../src/messages/folded-text.ts';

it('[PAGE-16] a text is long by its characters or its lines', () => {
  expect(isLongText('x'.repeat(1_000))).toBe(false);
  expect(isLongText('x'.repeat(1_001))).toBe(true);
  expect(isLongText('\n'.repeat(11))).toBe(false);
  expect(isLongText('\n'.repeat(12))).toBe(true);
});
