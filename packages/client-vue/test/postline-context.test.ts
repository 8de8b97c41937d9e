import { createSSRApp, h } from 'vue';
import { renderToString } from 'vue/server-renderer';
import { expect, it, vi } from 'vitest';
import { providePostline, useConnectionState, usePostline } from '../src/index.ts';

const render = (setup: () => unknown) =>
  renderToString(createSSRApp({ setup: () => (setup(), () => h('p')) }));

it('outside of a component it says where it belongs', () => {
  expect(() => providePostline(() => ({ url: '/', clientId: 1 }))).toThrow('in the setup of a component');
});

it('the component that provides may use it too', async () => {
  const setup = () => {
    providePostline(() => ({ url: '/', clientId: 1, autoConnect: false }));
    expect(useConnectionState().value.state).toBe('disconnected');
  };
  expect(await render(setup)).toBe('<p></p>');
});

it('a composable without a provider says what is missing', async () => {
  const warn = vi.spyOn(console, 'warn').mockReturnValue(); // Vue announces the error too
  await expect(render(() => usePostline())).rejects.toThrow('Call providePostline in this component');
  warn.mockRestore();
});
