/** Shows what the test asks for by `window.show`: the example of the README, or lists over a client. */
import { PostlineProvider, useConnectionState, useMessages, usePostline } from '@postline/react';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './App.jsx';

const root = createRoot(document.getElementById('app'));
window.errors = [];

function List({ name, ...options }) {
  const { messages, isLoading } = useMessages(options);
  return (
    <ul aria-label={name} aria-busy={isLoading}>
      {messages.map(({ id, data }) => (
        <li key={id}>{data}</li>
      ))}
    </ul>
  );
}

function State() {
  window.client = usePostline();
  return <output>{useConnectionState().state}</output>;
}

/** Every function and object is new in each render. */
function Lab({ client, lists, token }) {
  return (
    <PostlineProvider
      {...client}
      {...(token && { token: () => token })}
      parse={(text) => text.toUpperCase()}
      onError={({ code }) => window.errors.push(code)}
    >
      <State />
      {lists.map((list) => (
        <List key={list.name} {...list} />
      ))}
    </PostlineProvider>
  );
}

window.show = (what) => {
  const shown = what === 'example' ? <App /> : what && <Lab {...what} />;
  root.render(<StrictMode>{shown}</StrictMode>);
};
