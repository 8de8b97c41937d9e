import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { PAGE_ICON } from '../../src/pages/page-style.ts';

it('the icon is that of the page of the relay', async () => {
  const icon = new URL('../../../../web-client/favicon.svg', import.meta.url);
  expect(PAGE_ICON).toBe(await readFile(icon, 'utf8'));
});
