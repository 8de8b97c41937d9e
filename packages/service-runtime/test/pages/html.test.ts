import { expect, it } from 'vitest';
import { html, htmlPage, prose } from '../../src/pages/html.ts';

it('escapes texts, and keeps pieces of HTML as they are', () => {
  const pieces = ['a', 'b'].map((text) => html`<i title="${text}">${text}</i>`);
  expect(html`<p>${'<"&>'}${1}${pieces}</p>`.text).toBe(
    '<p>&lt;&quot;&amp;&gt;1<i title="a">a</i><i title="b">b</i></p>',
  );
});

it('marks code in a text', () => {
  expect(prose('`a` < `b`').text).toBe('<code>a</code> &lt; <code>b</code>');
});

it('a page escapes its title, and finds its files from where it is', () => {
  const page = htmlPage({ title: 'a < b', base: '../', body: html`<main>text</main>` });
  expect(page).toContain('<title>a &lt; b</title>');
  expect(page).toContain('href="../docs/page.css"');
  expect(page).toContain('<body>\n<main>text</main>\n</body>');
});
