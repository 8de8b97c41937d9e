import { expect, it } from 'vitest';
import { html, prose } from '../../../src/http/documentation/html.ts';

it('escapes texts, and keeps pieces of HTML as they are', () => {
  const pieces = ['a', 'b'].map((text) => html`<i title="${text}">${text}</i>`);
  expect(html`<p>${'<"&>'}${1}${pieces}</p>`.text).toBe(
    '<p>&lt;&quot;&amp;&gt;1<i title="a">a</i><i title="b">b</i></p>',
  );
});

it('marks code in a text', () => {
  expect(prose('`a` < `b`').text).toBe('<code>a</code> &lt; <code>b</code>');
});
