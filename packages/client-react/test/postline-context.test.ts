import { createElement } from 'react';
import { renderToString } from 'react-dom/server';
import { expect, it } from 'vitest';
import { useConnectionState } from '../src/index.ts';

it('a hook without a provider says what is missing', () => {
  const Lonely = () => useConnectionState().state;
  expect(() => renderToString(createElement(Lonely))).toThrow('<PostlineProvider>');
});
